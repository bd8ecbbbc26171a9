"""`mock-alc grade --dialect …`: receivers of Attio's, GitHub's, Stripe's and Slack's webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask, Response, request

from mock_alc.commands.cli import main
from mock_alc.grading.receiver import checks_of, grade
from mock_alc.grading.report import Report
from mock_alc.signing import DIALECTS
from mock_alc.testing.alc import Alc
from tests.support.literal_port import serving
from tests.support.seed_004 import seed_004, signed_as_attio_does

SECRET = "0123456789abcdef" * 4
KEY = SECRET.encode()


def hexed(content: bytes) -> str:
    """HMAC-SHA256 in hex, with the text of the secret as the key."""
    return hmac.new(KEY, content, hashlib.sha256).hexdigest()


def is_right(given: str, content: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), hexed(content).encode())


def is_fresh(timestamp: str) -> bool:
    """Five minutes either way, and digits only."""
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
    return digits and abs(time.time() - int(timestamp)) <= 300


def attio(raw: bytes) -> bool:
    """The raw body."""
    return is_right(request.headers.get("Attio-Signature", ""), raw)


def github(raw: bytes) -> bool:
    """The raw body, with a prefix."""
    scheme, _, given = request.headers.get("X-Hub-Signature-256", "").partition("=")
    return scheme == "sha256" and is_right(given, raw)


def slack(raw: bytes) -> bool:
    """The raw body and a timestamp, with colons."""
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    version, _, given = request.headers.get("X-Slack-Signature", "").partition("=")
    return version == "v0" and is_fresh(timestamp) and is_right(given, f"v0:{timestamp}:".encode() + raw)


def stripe(raw: bytes) -> bool:
    """The raw body and a timestamp that stands in the header of the signatures."""
    parts = [part.partition("=")[::2] for part in request.headers.get("Stripe-Signature", "").split(",")]
    timestamp = next((value for name, value in parts if name == "t"), "")
    content = f"{timestamp}.".encode() + raw
    return is_fresh(timestamp) and any(name == "v1" and is_right(value, content) for name, value in parts)


def receiver(verify: Callable[[bytes], bool]) -> Flask:
    """A correct receiver: it verifies, checks that the body is an object, and answers before it works."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000

    @app.post("/hook")
    def hook() -> Response:
        if not verify(request.get_data()):
            return Response(status=401)
        try:
            body = json.loads(request.get_data())
        except (ValueError, RecursionError):
            return Response(status=400)
        return Response(status=200 if isinstance(body, dict) else 400)

    return app


def graded(app: Flask, dialect: str = "attio") -> Report:
    """The report, without the second that the slow body takes."""
    only = [check.name for check in checks_of(DIALECTS[dialect]) if check.name != "slow_body"]
    with serving(app) as url:
        return grade(f"{url}/hook", SECRET, dialect=dialect, only=only)


def failures(report: Report) -> set[str]:
    """The names of the checks that failed."""
    return {result.name for result in report.failed}


@pytest.mark.parametrize("verify", [attio, github, slack, stripe])
def test_a_correct_receiver_gets_full_marks_in_its_dialect(verify: Callable[[bytes], bool]) -> None:
    """Each is written by hand from the sender's documentation."""
    report = graded(receiver(verify), verify.__name__)
    assert report.full_marks, str(report)


def test_the_handler_of_seed_004_refuses_everything_and_is_told_why() -> None:
    """It verifies a timestamp with the body. Attio sends no timestamp, so that it signs and verifies 'undefined'."""
    report = graded(seed_004(SECRET, []))
    assert failures(report) >= {"valid", "body_bytes", "list_of_events", "duplicate", "unknown_event", "other_schemes"}
    [scheme] = [one for one in report.failed if one.name == "other_schemes"]
    assert scheme.complaint == "The receiver accepted it (200), although the sender does not sign like this."
    assert any("verifies timestamp.body" in remark for remark in report.remarks), report.remarks
    assert any("the raw body alone" in remark for remark in report.remarks)


def test_the_handler_of_seed_004_is_deaf_to_attios_events_too() -> None:
    """With its verification mended it breaks on what is no JSON only; that it handles no event is not seen outside."""
    handled: list[str] = []
    report = graded(seed_004(SECRET, handled, signed_as_attio_does))
    assert failures(report) == {"not_json"}, str(report)
    assert handled == []


def test_a_receiver_that_breaks_on_a_usual_event_is_not_told_that_its_secret_is_wrong() -> None:
    """The signature was not refused."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.post("/hook")(lambda: Response(status=500 if attio(request.get_data()) else 401))
    assert graded(app).remarks == ["It does not refuse the signature, but fails afterwards. Its log says why."]


def test_a_receiver_that_takes_any_signature_fails() -> None:
    """Anybody could write to it."""
    report = graded(receiver(lambda _: True))
    assert failures(report) >= {"unsigned", "wrong_secret", "tampered_body", "other_schemes", "odd_signatures"}


def test_a_receiver_that_parses_before_it_verifies_fails() -> None:
    """JSON that is written anew has other bytes."""
    compact = receiver(lambda raw: attio(json.dumps(json.loads(raw), separators=(",", ":")).encode()))
    assert "body_bytes" in failures(graded(compact))


def test_a_receiver_that_takes_the_start_of_a_signature_fails() -> None:
    """As far as it can be seen from outside, the whole signature is compared."""
    careless = receiver(lambda raw: hexed(raw).startswith(request.headers.get("Attio-Signature", "x")[:32]))
    assert "odd_signatures" in failures(graded(careless))


def test_a_receiver_that_reads_the_first_event_only_fails_on_an_empty_list() -> None:
    """Messages hold lists."""
    app = Flask(__name__)
    app.logger.disabled = True

    @app.post("/hook")
    def hook() -> Response:
        if not attio(request.get_data()):
            return Response(status=401)
        json.loads(request.get_data())["events"][0]
        return Response(status=200)

    assert {"list_of_events", "not_json"} <= failures(graded(app))


def test_a_secret_that_was_hex_decoded_is_diagnosed() -> None:
    """Attio's secrets look like hex, and are text."""
    key = bytes.fromhex(SECRET)
    app = receiver(
        lambda raw: hmac.compare_digest(
            request.headers.get("Attio-Signature", "").encode(), hmac.new(key, raw, hashlib.sha256).hexdigest().encode()
        )
    )
    assert any("decoded as hex" in remark for remark in graded(app).remarks)


def test_the_command_and_the_fixture_grade_in_a_dialect(mock_alc: Alc) -> None:
    """`--dialect` on the command line, `dialect=` in a test."""
    with serving(receiver(attio)) as url:
        arguments = ["grade", f"{url}/hook", "--dialect", "attio", "--secret", SECRET, "--only", "valid"]
        ran = CliRunner().invoke(main, arguments, env={"COLUMNS": "160"})
        report = mock_alc.grade(f"{url}/hook", SECRET, dialect="attio", only=["valid"])
    assert (ran.exit_code, "2 of 2 checks passed" in ran.output) == (0, True), ran.output
    assert report.full_marks
    unknown = CliRunner().invoke(main, [*arguments, "--only", "stale"])
    assert "no check named stale" in unknown.output
