"""What is logged, and what is masked."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextvars import copy_context
from datetime import datetime, timedelta

import pytest

from alc_app.attio.host import trace
from alc_app.runtime.observability import logs

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Standard error with logging configured as in the processes, as text or as the test asks; restored afterwards."""
    root, err = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    root.handlers = []
    monkeypatch.setattr("sys.stderr", err)
    logs.configure("DEBUG", getattr(request, "param", "text"))
    yield err
    root.handlers, root.level = before, level
    for name in ("authlib", "urllib3", "dbos"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer canary.token-1",
        "authorization: bearer canary.token-1",
        "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==canary",
        "secret whsec_canary+/canary=",
        "GET /connections/alc/callback?code=canary&state=canary HTTP/1.1",
        "POST body grant_type=x&code=canary%2Fcanary&code_verifier=canary",
        '{"access_token": "canary", "refresh_token": "canary"}',
        "{'access_token': 'canary', 'client_secret': 'canary'}",
        "client_secret=canary",
        "webhook-signature: v1,canary+/canary=",
    ],
)
@pytest.mark.parametrize("log", ["text", "json"], indirect=True)
def test_secrets_are_masked_wherever_they_appear(log: io.StringIO, line: str) -> None:
    """U8: in a message and in its arguments, in an id and in a traceback, for people and for machines."""
    try:
        raise ValueError(line)
    except ValueError:
        logging.getLogger("any").exception("%s", line, extra={"some_id": line})

    assert "ValueError" in log.getvalue()
    assert "canary" not in log.getvalue()


@pytest.mark.parametrize("number", ["+442079460018", "%2B442079460018", "+44 20 7946 0018", "+1 (415) 555-0123"])
def test_phone_numbers_are_masked(log: io.StringIO, number: str) -> None:
    """U12: none is logged on purpose; this is the second safeguard."""
    logging.getLogger("any").info("a text of somebody else's: phoneNumber=%s.", number)

    assert "phoneNumber=" in log.getvalue()
    assert not re.search("(18|23)[.]", log.getvalue())


def test_numbers_that_are_no_phone_numbers_are_left_alone(log: io.StringIO) -> None:
    """Times, counts and sums stay readable."""
    line = "2026-11-21T06:28:20+00:00 took 12345678 ms, 1+2345678, +15 more"
    logging.getLogger("any").info(line)

    assert line in log.getvalue()


def test_a_line_ends_with_the_beginning_of_its_traces_id(log: io.StringIO) -> None:
    """`grep` for it finds all its lines; outside of a trace nothing is added."""
    with trace.resumed(TRACEPARENT):
        logging.getLogger("any").info("within")
    copy_context().run(lambda: (trace._current.set(None), logging.getLogger("any").info("outside")))

    assert log.getvalue().splitlines()[0].endswith("any: within 4bf92f35")
    assert log.getvalue().splitlines()[1].endswith("any: outside")


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_for_machines_a_line_is_an_object(log: io.StringIO) -> None:
    """Time in RFC 3339, the whole trace id, ids by their names; what is not there is left out."""
    with trace.resumed(TRACEPARENT):
        logging.getLogger("any").warning("The %s\nis here.", "lead", extra={"lead_id": "l-1", "tries": 3})

    [line] = log.getvalue().splitlines()
    told = json.loads(line)
    assert datetime.fromisoformat(told.pop("time")).utcoffset() == timedelta(0)
    assert told == {
        "level": "WARNING",
        "logger": "any",
        "message": "The lead\nis here.",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "lead_id": "l-1",
        "tries": 3,
    }


def test_secrets_are_masked_in_tracebacks(log: io.StringIO) -> None:
    """U8: an error of a library carries the URL that it was called with."""
    try:
        raise ValueError("no answer from https://alc.test/cb?code=canary&state=canary")
    except ValueError:
        logging.getLogger("any").exception("It failed.")

    assert "ValueError" in log.getvalue()
    assert "canary" not in log.getvalue()


def test_ordinary_words_are_left_alone(log: io.StringIO) -> None:
    """A log that hides too much is not read."""
    logging.getLogger("any").info("The code is fine, status=200, 3 leads for /people?page=2.")

    assert "The code is fine, status=200, 3 leads for /people?page=2." in log.getvalue()


@pytest.mark.parametrize("name", ["authlib", "authlib.oauth2", "urllib3.connectionpool", "dbos"])
def test_libraries_that_log_tokens_are_kept_quiet(log: io.StringIO, name: str) -> None:
    """U8: at any level of ours."""
    logging.getLogger(name).debug("token canary")
    logging.getLogger(name).info("token canary")

    assert not log.getvalue()


def test_a_flood_of_requests_is_no_flood_of_lines(log: io.StringIO) -> None:
    """R22: waitress would write a line for each request that waits a moment for a thread."""
    logging.getLogger("waitress.queue").warning("Task queue depth is %d", 1)
    assert not log.getvalue()

    logging.getLogger("waitress").error("Exception while serving")
    assert "Exception while serving" in log.getvalue()


def test_a_text_of_somebody_elses_cannot_forge_a_line() -> None:
    """U8: line breaks and direction marks are shown as what they are."""
    record = logging.LogRecord("x", logging.INFO, "f", 1, "ALC said: %s", ("no\n12:00:00 INFO fake\u202e",), None)

    line = copy_context().run(lambda: (trace._current.set(None), logs.TextFormatter("%(message)s").format(record))[1])

    assert line == r"ALC said: no\n12:00:00 INFO fake\u202e"


def test_a_library_that_logs_by_itself_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    """U8: its own handler is removed, and ours logs it."""
    library = logging.getLogger("alc_app.tests.chatty")
    library.addHandler(logging.StreamHandler())
    library.propagate = False

    logs.propagate_to_root("alc_app.tests.chatty")

    assert not library.handlers
    assert library.propagate
    assert capsys.readouterr().err == ""
