"""What goes wrong at the start of a command is told in one sentence, which names the file, the port or the setting."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import migrate_all

COULD_NOT_CHECK = 2
USES_DATABASES = (
    ["serve", "--port", "0"],
    ["worker"],
    ["migrate"],
    ["doctor"],
    ["doctor", "--json"],
    ["catch-up"],
    ["rotate-keys"],
    ["rotate-secrets"],
    ["setup-attio"],
    ["dead-letters", "list"],
    ["dead-letters", "show", "x"],
    ["dead-letters", "replay", "--all"],
    ["dead-letters", "dismiss", "x"],
)
USES_HOME = (*USES_DATABASES, ["mock-attio", "--mock-attio-port", "0"], ["attio-token"], ["demo"])


def run(arguments: list[str], **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner(env=environment).invoke(main, arguments)


def names_of(commands: tuple[list[str], ...]) -> list[str]:
    """Return a name for each command."""
    return [" ".join(each) for each in commands]


def is_one_sentence(result: Result, *words: str) -> None:
    """Hold a refusal to what it must be: a line with these words, no traceback, and an exit code of its own."""
    [line] = result.stderr.strip().splitlines() or [""]
    assert all(word in line for word in words), line
    assert result.exit_code in (1, COULD_NOT_CHECK)
    assert isinstance(result.exception, SystemExit)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all its databases, to copy."""
    made = tmp_path_factory.mktemp("migrated")
    migrate_all(Config.from_env(home=made), lambda _line: None)
    return made


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Path:
    """A home with all its databases."""
    return shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        *[(name, ["doctor"]) for name in ("app", "inbox", "exchanges")],
        *[("engine", command) for command in USES_DATABASES],
    ],
    ids=str,
)
def test_a_file_that_is_no_database_is_named(home: Path, name: str, command: list[str]) -> None:
    """C14: whichever of the four it is, and whatever command finds it."""
    for file in home.glob(f"{name}.db*"):
        file.write_bytes(b"This is no database." * 400)

    result = run(command, ALC_APP_HOME=str(home))

    is_one_sentence(result, f"The database file {home}/{name}.db cannot be used: file is not a database.", "Restore it")


def test_a_database_that_is_damaged_behind_its_beginning_is_named(home: Path) -> None:
    """C14: such a file opens, and fails at the first page that is none."""
    file = home / "app.db"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * (file.stat().st_size - 4096))

    result = run(["rotate-keys"], ALC_APP_HOME=str(home))

    is_one_sentence(result, f"The database file {home}/app.db cannot be used: database disk image is malformed.")


def test_a_database_of_the_stand_in_that_is_none_is_named(tmp_path: Path) -> None:
    """The stand-in has a file of its own."""
    (tmp_path / "mock_attio.db").write_bytes(b"This is no database." * 400)

    result = run(["mock-attio", "--mock-attio-port", "0"], ALC_APP_HOME=str(tmp_path))

    is_one_sentence(result, f"{tmp_path}/mock_attio.db cannot be used: file is not a database.")


@pytest.mark.parametrize("command", USES_DATABASES, ids=names_of(USES_DATABASES))
def test_a_postgres_out_of_reach_is_no_missing_migration(tmp_path: Path, command: list[str]) -> None:
    """The sentence says what the server's address answered."""
    url = f"postgresql://a:secret@127.0.0.1:{free_port()}/x"

    result = run(command, ALC_APP_HOME=str(tmp_path), ALC_APP_DATABASE_URL=url)

    is_one_sentence(result, "The database cannot be reached", "refused", "Check ALC_APP_DATABASE_URL")
    assert "secret" not in result.output


@pytest.mark.parametrize("command", USES_HOME, ids=names_of(USES_HOME))
def test_a_home_that_cannot_be_used_is_named(tmp_path: Path, command: list[str]) -> None:
    """A file has its place; a folder that is read-only fails in the same way."""
    (tmp_path / "home").write_text("no folder")

    result = run(command, ALC_APP_HOME=str(tmp_path / "home"))

    is_one_sentence(result, f"{tmp_path}/home", "cannot be used", "Check ALC_APP_HOME")


@pytest.fixture
def read_only(home: Path) -> Iterator[Path]:
    """A home whose databases may only be read. The user of the tests may be root, for whom that is no hindrance."""
    file = home / "app.db"
    file.chmod(0o400)
    home.chmod(0o500)
    if os.access(file, os.W_OK):
        pytest.skip("This user may write everywhere.")
    yield home
    home.chmod(0o700)


def test_a_database_that_is_read_only_is_named(read_only: Path) -> None:
    """C14: without waiting for it to become writable."""
    is_one_sentence(run(["rotate-keys"], ALC_APP_HOME=str(read_only)), f"{read_only}/app.db cannot be used")


@pytest.mark.parametrize("url", ["nonsense", "foo://x", "sqlite:/x", "sqlite://", "mysql://a@b/c", "postgres://h:x/y"])
def test_a_database_url_that_is_none_is_refused_with_examples(url: str) -> None:
    """The variable is named, and both forms are shown."""
    result = run(["serve"], ALC_APP_DATABASE_URL=url)

    assert result.exit_code == 1
    assert "ALC_APP_DATABASE_URL must be like sqlite:///alc.db or postgresql://" in result.stderr


@pytest.mark.parametrize(
    ("command", "who"), [("worker", "The worker's metrics"), ("mock-provider", "The provider")], ids=str
)
def test_a_port_that_is_taken_is_named(home: Path, command: str, who: str) -> None:
    """And who wanted it; the web server and the stand-in are in test_serve.py."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {"ALC_APP_HOME": str(home), "ALC_APP_WORKER_METRICS_PORT": port}
        if command == "mock-provider":
            environment |= {
                "ALC_APP_AUTH": "oidc",
                "ALC_APP_ADMINS": "robin@example.com",
                "ALC_APP_OIDC_ISSUER": f"http://127.0.0.1:{port}",
                "ALC_APP_OIDC_CLIENT_ID": "alc-app",
                "ALC_APP_OIDC_CLIENT_SECRET": "s",
            }
        ran = subprocess.run(  # noqa: S603 - our own program, in a process of its own, because it has begun to start
            [sys.executable, "-m", "alc_app", command],
            env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert ran.stderr == f"Error: {who} cannot listen at 127.0.0.1, port {port}: Address already in use.\n"
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["serve", "--port", "abc"], "ALC_APP_PORT: Input should be a valid integer"),
        (["serve", "--port", "99999"], "ALC_APP_PORT: Input should be less than or equal to 65535"),
        (["demo", "--decide-after", "-1"], "'--decide-after': -1.0 is not in the range"),
        (["demo", "--provider-port", "70000"], "'--provider-port': 70000 is not in the range"),
        (
            ["mock-attio", "--mock-attio-writes-per-second", "-1"],
            "MOCK_ATTIO_WRITES_PER_SECOND: Input should be",
        ),
        (
            ["mock-attio", "--mock-attio-reads-per-second", "many"],
            "MOCK_ATTIO_READS_PER_SECOND: Input should be",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_the_name_of_its_setting(command: list[str], words: str) -> None:
    """Before anything is started."""
    result = run(command)

    assert result.exit_code in (1, 2)
    assert words in result.stderr


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
