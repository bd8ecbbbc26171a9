"""What is logged, and what never is."""

import io
import logging
from collections.abc import Iterator

import pytest

from alc_app import logs


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error while logging is set up as the processes do it; put back afterwards."""
    root, err = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    root.handlers = []
    monkeypatch.setattr("sys.stderr", err)
    logs.set_up(logging.DEBUG)
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
    ],
)
def test_secrets_are_masked_wherever_they_appear(log: io.StringIO, line: str) -> None:
    """U8: in a message and in its arguments."""
    logging.getLogger("any").info("%s", line)

    assert log.getvalue()
    assert "canary" not in log.getvalue()


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


def test_a_text_of_somebody_elses_cannot_forge_a_line() -> None:
    """U8: line breaks and direction marks are shown as what they are."""
    record = logging.LogRecord("x", logging.INFO, "f", 1, "ALC said: %s", ("no\n12:00:00 INFO fake\u202e",), None)

    line = logs.MaskSecrets("%(message)s").format(record)

    assert line == r"ALC said: no\n12:00:00 INFO fake\u202e"


def test_a_library_that_logs_by_itself_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    """U8: its own handler is taken away, and ours hears it."""
    library = logging.getLogger("alc_app.tests.chatty")
    library.addHandler(logging.StreamHandler())
    library.propagate = False

    logs.adopt("alc_app.tests.chatty")

    assert not library.handlers
    assert library.propagate
    assert capsys.readouterr().err == ""
