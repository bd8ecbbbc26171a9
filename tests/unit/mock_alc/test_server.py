"""The mock behind real HTTP: in a thread, and as a process."""

import gc
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from mock_alc.commands.cli import main
from mock_alc.config import Config
from mock_alc.server import MockAlc
from tests.support.waiting import PATIENCE, eventually
from tests.unit.mock_alc.support import LEAD, Receiver


@pytest.fixture
def running() -> Iterator[MockAlc]:
    """A mock on a free port."""
    with MockAlc(Config(port=0, database_url="sqlite://", control=True, decide_after=0.05)) as mock:
        yield mock


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client with keep-alive."""
    with requests.Session() as opened:
        yield opened


def test_port_0_takes_a_free_port_and_the_issuer_is_true(running: MockAlc, session: requests.Session) -> None:
    """A16: the socket is bound before the settings are completed."""
    said = session.get(f"{running.url}/.well-known/oauth-authorization-server").json()
    assert said["issuer"] == running.issuer == running.url
    assert not running.url.endswith(":0")


def test_the_round_trip_happens_by_itself(running: MockAlc, session: requests.Session, receiver: Receiver) -> None:
    """W1, W3: the worker decides and delivers on its own."""
    auth = {"Authorization": f"Bearer {session.post(f'{running.url}/_mock/tokens').json()['access_token']}"}
    body = {"name": "h", "url": receiver.url(), "event": "lead.processed"}
    secret = session.post(f"{running.url}/api/v1/webhooks", json=body, headers=auth).json()["secret"]
    session.post(f"{running.url}/api/v1/leads", json=LEAD, headers=auth)
    eventually(lambda: receiver.received)
    assert receiver.received[0].signed_by(secret)
    eventually(lambda: session.get(f"{running.url}/_mock/state").json()["idle"])
    running.reset()
    assert session.get(f"{running.url}/_mock/leads").json() == {"leads": []}


def talk(mock: MockAlc, data: bytes) -> bytes:
    """Send raw bytes and return all that comes back until the server closes, or says no more for a moment."""
    with socket.create_connection(("127.0.0.1", mock.config.port), timeout=PATIENCE) as connection:
        connection.sendall(data)
        answer = b""
        with suppress(TimeoutError):
            while part := connection.recv(65536):
                answer += part
                connection.settimeout(2)
    return answer


def test_one_connection_serves_many_requests(running: MockAlc) -> None:
    """HTTP/1.1 keep-alive, pipelined even; and no word about versions (U5)."""
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answer = talk(running, request * 2 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert b"Werkzeug" not in answer and b"Python" not in answer


def test_a_refused_body_is_not_read_as_the_next_request(running: MockAlc) -> None:
    """R7's neighbour: the connection is closed instead."""
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 70000\r\n\r\n"
    answer = talk(running, head + smuggled)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(("size", "status"), [(1_000, b"401"), (70_000, b"413")])
def test_a_chunked_body_is_read_whole_or_refused(running: MockAlc, size: int, status: bytes) -> None:
    """R7: never silently cut."""
    head = b"POST /api/v1/leads HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = f"{size:x}".encode() + b"\r\n" + b"x" * size + b"\r\n0\r\n\r\n"
    assert talk(running, head + chunk).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_expects_100_gets_one(running: MockAlc) -> None:
    """RFC 9110 10.1.1: Python's server and Werkzeug's handler each sent it."""
    head = b"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    answer = talk(running, head)
    assert answer.count(b"100 Continue") == 1
    assert b"HTTP/1.1 400" in answer


def test_a_broken_chunk_is_a_400(running: MockAlc) -> None:
    """R7: the body's length cannot be told, so nothing of it is read."""
    head = b"POST /api/v1/leads HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert talk(running, head + b"zz\r\n").startswith(b"HTTP/1.1 400")


def test_closing_cuts_a_delivery_under_way(receiver: Receiver, session: requests.Session) -> None:
    """C15's rule: within a second or two, whatever hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mock = MockAlc()
        auth = {"Authorization": f"Bearer {session.post(f'{mock.url}/_mock/tokens').json()['access_token']}"}
        body = {"name": "h", "url": f"http://127.0.0.1:{silent.getsockname()[1]}/", "event": "lead.processed"}
        hook = session.post(f"{mock.url}/api/v1/webhooks", json=body, headers=auth).json()["webhook_id"]
        session.post(f"{mock.url}/api/v1/webhooks/{hook}/test", headers=auth)
        connection, _ = silent.accept()
        started = time.monotonic()
        mock.close()
        connection.close()
    assert time.monotonic() - started < 2


def test_the_process_starts_says_where_it_is_and_stops_on_sigterm(tmp_path: Path, session: requests.Session) -> None:
    """C15's rule, U8: exit 0, and no query in the log."""
    command = [sys.executable, "-m", "mock_alc", "serve", "--port", "0", "--home", str(tmp_path), "--control"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603 (our own program)
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = re.search(r"http://\S+", first)
        assert url, first
        session.get(f"{url[0]}/oauth/authorize?code=canary")
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(3) == 0
    assert "let-me-in" in rest and "/_mock is open" in rest
    assert "GET /oauth/authorize 400" in rest and "canary" not in rest
    assert (tmp_path / "mock_alc.db").exists()


def test_help_tells_how_to_begin() -> None:
    """The help shows options, environment variables and a first command."""
    shown = CliRunner().invoke(main, ["serve", "--help"]).output
    for part in ("--decide-after", "MOCK_ALC_DECIDE_AFTER", "curl", "no answer"):
        assert part in shown


def test_help_loads_nothing_heavy() -> None:
    """What serving needs is imported when serving."""
    code = "import sys, mock_alc.commands.cli; sys.exit(bool({'flask', 'sqlalchemy', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 (our own code)


def test_the_port_is_open_before_anything_heavy_is_loaded() -> None:
    """A client that connects during the slow imports waits instead of being refused."""
    code = """if True:
        import socket, sys, mock_alc.server
        taken = socket.create_server(("127.0.0.1", 0))
        try:
            mock_alc.server.MockAlc(mock_alc.server.Config(port=taken.getsockname()[1]))
        except OSError:
            sys.exit(bool({"flask", "werkzeug", "sqlalchemy"} & set(sys.modules)))
        sys.exit("it took a port that was taken")"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 (our own code)


def test_a_start_loads_only_what_a_start_needs() -> None:
    """Starting is fast: packages for sending, sealing and reports are imported when needed."""
    later = "{'requests', 'cryptography', 'rich', 'pydantic_settings', 'dbos', 'alembic', 'pytest', 'responses'}"
    start = "mock = mock_alc.server.MockAlc(); mock.close()"
    code = f"import sys, mock_alc.server; {start}; sys.exit(bool({later} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 (our own code)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--port", "99999"], "MOCK_ALC_PORT"),
        (["--url", "http://alc.example"], "Plain http is for loopback only"),
        (["--redirect-uris", "https://a.example"], "set the client id too"),
        (["--port", "0", "--client-id", "x", "--redirect-uris", "/callback"], "MOCK_ALC_REDIRECT_URIS: The redirect"),
        (["--port", "0", "--client-id", "x", "--redirect-uris", "http://[::1/cb"], "cannot be read as a URI"),
    ],
)
def test_a_wrong_flag_is_explained(flags: list[str], sentence: str) -> None:
    """The error says what is wrong."""
    result = CliRunner().invoke(main, ["serve", *flags])
    assert result.exit_code == 2
    assert sentence in result.output


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "MOCK_ALC_DATABASE_URL: The database URL must be like sqlite:///mock.db or postgresql://"),
        ("oracle://x", "The database URL must be like"),
        ("sqlite:/x", "The database URL must be like"),
        ("postgresql+asyncpg://x/y", "The database URL must be like"),
        ("postgresql://a:hunter2@h:port/x", "The database URL must be like"),
        ("postgresql://a:hunter2@127.0.0.1:1/x", "The database cannot be used: connection failed"),
    ],
)
def test_a_database_that_cannot_be_opened_is_explained(url: str, sentence: str) -> None:
    """With the setting, without its password, and without a traceback."""
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--database-url", url])
    assert result.exit_code in (1, 2)
    assert sentence in result.output
    assert "MOCK_ALC_DATABASE_URL" in result.output
    assert "hunter2" not in result.output
    assert isinstance(result.exception, SystemExit)
    assert gc.isenabled()  # it rests during the imports only


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """With what to check."""
    (tmp_path / "mock_alc.db").write_bytes(b"This is no database." * 400)
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert f"The database file {tmp_path}/mock_alc.db cannot be used: file is not a database. Check" in result.output


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file has its place; a folder that is read-only fails in the same way."""
    (tmp_path / "home").write_text("no folder")
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--home", str(tmp_path / "home")])
    assert result.exit_code == 1
    assert f"{tmp_path}/home cannot be used: File exists. Check MOCK_ALC_HOME" in result.output


def test_a_taken_port_is_named(running: MockAlc) -> None:
    """With its address: on the command line, and where a test makes a mock itself."""
    port = running.config.port
    sentence = f"The server cannot listen at 127.0.0.1, port {port}: Address already in use"
    result = CliRunner().invoke(main, ["serve", "--port", str(port), "--database-url", "sqlite://"])
    assert (result.exit_code, result.output) == (1, f"Error: The server could not start. {sentence}.\n")
    with pytest.raises(OSError, match=sentence):
        MockAlc(Config(port=port))


def test_the_package_never_imports_the_app() -> None:
    """The two packages meet over HTTP only."""
    code = "import sys, mock_alc.server; sys.exit(any(name.startswith('alc_app') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 (our own code)
