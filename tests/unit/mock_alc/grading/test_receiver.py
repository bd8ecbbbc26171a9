"""`mock-alc grade`: good receivers get full marks, and bad ones the reason why not."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from click.testing import CliRunner
from flask import Flask, Response, request
from standardwebhooks import Webhook, WebhookVerificationError

from mock_alc.commands.cli import main
from mock_alc.grading.receiver import NotReached, checks_of, grade
from mock_alc.grading.report import Report
from mock_alc.signing import DIALECTS
from tests.support.literal_port import literal_port, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHECKS = [check for row in DIALECTS.values() for check in checks_of(row)]
QUICK = [check.name for check in CHECKS if check.name != "slow_body"]
Graded = Callable[..., Report]


def good_receiver() -> Flask:
    """A correct receiver of thirty lines, with a third-party library."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000

    @app.post("/hook")
    def hook() -> Response:
        try:
            body = Webhook(SECRET).verify(request.get_data(), dict(request.headers))
        except (WebhookVerificationError, ValueError, OverflowError, UnicodeError, RecursionError):
            return Response(status=401)
        return Response(status=200 if isinstance(body, dict) else 400)

    return app


@pytest.fixture
def graded() -> Iterator[Graded]:
    """Grades an app, without the second that the slow body takes."""
    open_servers: list[AbstractContextManager[str]] = []

    def grade_app(app: Flask, **options: object) -> Report:
        server = serving(app)
        url = server.__enter__()
        open_servers.append(server)
        return grade(f"{url}/hook", SECRET, **{"only": QUICK, **options})

    yield grade_app
    for server in open_servers:
        server.__exit__(None, None, None)


def failures(report: Report) -> set[str]:
    """The names of the checks that failed."""
    return {result.name for result in report.failed}


def test_the_literal_port_of_the_tutorial_fails_for_many_reasons(graded: Graded) -> None:
    """For at least five reasons. TUTORIAL: it verifies nothing."""
    report = graded(literal_port())
    assert failures(report) >= {
        "unsigned", "wrong_secret", "tampered_body", "stale", "future", "unknown_event", "not_json", "moved_signature",
    }  # fmt: skip
    assert len({result.why for result in report.failed}) >= 5
    assert all(result.complaint and result.remedy and result.sent and result.came_back for result in report.failed)


def test_a_receiver_that_does_it_right_passes_what_can_be_seen(graded: Graded) -> None:
    """It fails only the checks that the third-party library does not cover."""
    report = graded(good_receiver())
    assert failures(report) <= {"odd_timestamps", "odd_signatures"}, report.as_json()


@pytest.mark.parametrize(
    ("key", "words"),
    [(SECRET.removeprefix("whsec_"), "as text"), (SECRET, "with its whsec_")],
)
def test_a_receiver_that_never_decodes_its_secret_is_diagnosed(graded: Graded, key: str, words: str) -> None:
    """The usual mistake has its name in the report."""
    app = Flask(__name__)

    @app.post("/hook")
    def hook() -> Response:
        try:
            Webhook(base64.b64encode(key.encode()).decode()).verify(request.get_data(), dict(request.headers))
        except WebhookVerificationError:
            return Response(status=401)
        return Response(status=200)

    report = graded(app, only=["valid"])
    assert not report.full_marks
    assert any(words in remark for remark in report.remarks), report.remarks


def test_a_receiver_that_reveals_its_secret_fails(graded: Graded) -> None:
    """All answers are searched for the secret."""
    app = Flask(__name__)
    app.post("/hook")(lambda: Response("x" * 200 + SECRET, 401))
    assert "discreet" in failures(graded(app, only=["unsigned"]))


def test_an_answer_that_could_be_used_to_switch_webhooks_off_fails(graded: Graded) -> None:
    """410 to a forger, and redirects to anybody."""
    for status, words in ((410, "disable the webhook"), (302, "302"), (503, "failed (503)")):
        app = Flask(__name__)
        app.post("/hook")(lambda status=status: Response(status=status))
        [failed] = [result for result in graded(app, only=["unsigned"]).failed if result.name == "unsigned"]
        assert words in failed.complaint


def test_nobody_at_the_address_is_not_a_bad_mark_but_an_error() -> None:
    """Exit code 2, with a sentence."""
    with pytest.raises(NotReached, match="Can't reach a receiver at"):
        grade("http://127.0.0.1:9/hook", SECRET)
    ran = CliRunner().invoke(main, ["grade", "http://127.0.0.1:9/hook", "--secret", SECRET])
    assert ran.exit_code == 2
    assert "Can't reach a receiver" in ran.output


def test_an_answer_does_not_command_the_terminal(graded: Graded) -> None:
    """U8: the start of a body is shown as what it is."""
    app = Flask(__name__)
    app.post("/hook")(lambda: Response("No\x1b]0;Root\x07\x9b31m", 500))

    [result] = [each for each in graded(app, only=["valid"]).failed if each.name == "valid"]

    assert set(result.came_back) == {r"500 No\x1b]0;Root\x07\x9b31m"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:9/", "--only", "colour"], "The checks are"),
        (["http://127.0.0.1:9/", "--secret", "hunter2"], "is whsec_ followed by"),
        (["127.0.0.1:9"], "whole address"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], words: str) -> None:
    """With what would be right."""
    ran = CliRunner().invoke(main, ["grade", "--secret", SECRET, *arguments])
    assert ran.exit_code == 2
    assert words in " ".join(ran.output.split())


def test_the_report_is_a_table_and_json() -> None:
    """For people, and for programs."""
    with serving(literal_port()) as url:
        arguments = ["grade", f"{url}/hook", "--secret", SECRET, "--only", "unsigned", "--only", "valid"]
        table = CliRunner().invoke(main, arguments, env={"COLUMNS": "160"})
        data = CliRunner().invoke(main, [*arguments, "--json"])
    assert table.exit_code == data.exit_code == 1
    for words in ("✗", "Anyone who knows the address", "why", "mend", "2 of 3 checks passed"):
        assert words in table.output, table.output
    report = json.loads(data.output)
    assert (report["passed"], report["failed"], report["of"]) == (2, 1, 3)


def test_every_check_has_a_name_of_its_own_and_says_why() -> None:
    """A report without reasons teaches nothing."""
    for dialect in DIALECTS.values():
        checks = checks_of(dialect)
        assert len({check.name for check in checks}) == len(checks)
        assert all(check.why.endswith(".") and check.remedy.endswith(".") for check in checks)
        assert not [check for check in checks if "{" in check.title + check.why + check.remedy]
