"""What the commands print: sentences, or JSON and exit codes for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from alc_app.attio import App, Connection, Events, Record
from alc_app.attio.host.doctor import Check, DeadLetter, DeadLetters, Finding
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.attio.host.operations import Operations
from alc_app.cli import doctor
from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.doctor.doctor import Doctor
from alc_app.runtime.services import Services
from alc_app.runtime.storage.sealing import KeyMissing
from tests.support.fakes.engine import FakeEngine

open_services = doctor._services
Run = Callable[..., Result]


def nothing(_: Connection) -> None:
    """An event handler."""


class SmallApp:
    """An app with two kinds of dead letters and a check that a test fills."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.alc_is_away = False
        self.letters = {
            "7": DeadLetter("7", "The lead 7 could not be shown.", "It was deleted.", 1_700_000_000.0),
            "8": DeadLetter("8", "A send came to nothing.", "", 1_600_000_000.0, "Press Send again."),
        }
        self.replayed: list[str] = []
        letters = DeadLetters("lead", lambda: list(self.letters.values()), self._replay, self._dismiss)
        self.manifest = App(
            Record(),
            [],
            {},
            Events(nothing, nothing),
            operations=Operations(checks=[Check("Leads", self._find)], dead_letters=[letters]),
        )

    def _find(self) -> list[Finding]:
        if self.alc_is_away:
            raise ServerFunctionError("ALC cannot be reached.")
        return self.findings

    def _replay(self, letter_id: str) -> str:
        self.replayed.append(letter_id)
        return f"The lead {letter_id} is tried again."

    def _dismiss(self, letter_id: str) -> None:
        del self.letters[letter_id]


@pytest.fixture
def app() -> SmallApp:
    return SmallApp()


@pytest.fixture
def run(app: SmallApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with the services of the small app, and only its own checks."""

    @contextmanager
    def services_of(config: Config) -> Iterator[Services]:
        services = Services(config, app.manifest)
        services.engine = FakeEngine()
        yield services
        services.close()

    monkeypatch.setattr(doctor, "_services", services_of)
    monkeypatch.setattr(doctor, "Doctor", lambda services: Doctor(services, app.manifest.operations.checks))
    return lambda *words, charset="utf-8": CliRunner(charset=charset).invoke(
        main, [*words, "--home", str(tmp_path / "home")]
    )


def mended(app: SmallApp) -> str:
    app.findings.clear()
    return "It has been deleted."


def test_a_report_without_findings_is_a_line_for_each_check_and_a_sentence(run: Run) -> None:
    """Exit code 0."""
    result = run("doctor")

    assert (result.exit_code, result.output) == (0, "✓ Leads\nNo problems found.\n")


def test_findings_are_listed_with_what_would_mend_them(app: SmallApp, run: Run) -> None:
    """Exit code 1; and `--fix` says what it did."""
    app.findings = [
        Finding("A webhook is an orphan.", "wh_1", repair=lambda: mended(app)),
        Finding("Go.", "x", "warning"),
    ]

    result = run("doctor")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "✗ Leads",
        "    • A webhook is an orphan.",
        "    • Go.",
        "1 of 2 can be fixed. Run: alc-app doctor --fix",
    ]
    result = run("doctor", "--fix")

    assert result.exit_code == 0
    assert "    ✓ A webhook is an orphan. It has been deleted." in result.output


@pytest.mark.parametrize(("charset", "bullet"), [("cp1252", "•"), ("latin-1", "?")])
def test_an_encoding_without_the_signs_gets_question_marks(app: SmallApp, run: Run, charset: str, bullet: str) -> None:
    """A pipe on Windows: the text and the exit code are the same."""
    app.findings = [Finding("Go.", "x", "warning")]

    result = run("doctor", charset=charset)

    assert (result.exit_code, result.output) == (1, f"! Leads\n    {bullet} Go.\n")
    app.findings = []
    assert run("doctor", charset=charset).output == "? Leads\nNo problems found.\n"


def test_what_could_not_be_checked_is_neither_well_nor_ill(app: SmallApp, run: Run) -> None:
    """Exit code 2."""
    app.alc_is_away = True
    result = run("doctor")

    assert result.exit_code == 2
    assert result.output == "? Leads\n    • This check could not run: ALC cannot be reached.\n"


def test_the_report_for_machines_has_a_fixed_shape(app: SmallApp, run: Run) -> None:
    """Each finding with its level, its subject, and whether it is mended or can be."""
    app.findings = [Finding("Go.", "x", "warning")]

    assert json.loads(run("doctor", "--json").output) == {
        "ok": False,
        "checks": [
            {
                "name": "Leads",
                "ok": False,
                "findings": [{"level": "warning", "text": "Go.", "subject": "x", "mendable": False, "mended": None}],
            }
        ],
    }


def test_without_the_key_nothing_can_be_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """O18: the sentence of the start, and exit code 2."""

    def no_key(*_: object) -> None:
        raise KeyMissing("The key is gone.")

    monkeypatch.setattr(doctor, "_services", open_services)
    monkeypatch.setattr(doctor, "Services", no_key)

    assert (run("doctor").exit_code, run("doctor").output) == (2, "The key is gone.\n")


def test_dead_letters_are_listed_the_newest_first(app: SmallApp, run: Run) -> None:
    """With their reason, for people and for machines."""
    printed = run("dead-letters", "list").output
    told = json.loads(run("dead-letters", "list", "--json").output)["dead_letters"]

    assert printed.startswith("lead:7\n  The lead 7 could not be shown. It was deleted.\nlead:8\n")
    assert [(letter["id"], letter["replayable"]) for letter in told] == [("lead:7", True), ("lead:8", False)]
    assert told[0]["since"] == "2023-11-14T22:13:20+00:00"
    app.letters.clear()
    assert run("dead-letters", "list").output == "There are no dead letters.\n"


def test_one_is_shown_replayed_and_dismissed_by_its_id(app: SmallApp, run: Run) -> None:
    """And one that is not there, or takes a person, says so with exit code 1."""
    assert "It was deleted." in run("dead-letters", "show", "lead:7").output
    assert run("dead-letters", "replay", "lead:7").output == "The lead 7 is tried again.\n"
    assert run("dead-letters", "dismiss", "lead:7").output == "Dismissed lead:7.\n"

    gone, person = run("dead-letters", "show", "lead:7"), run("dead-letters", "replay", "lead:8")
    assert (gone.exit_code, person.exit_code) == (1, 1)
    assert person.output == "Error: Press Send again.\n"


def test_a_dead_letter_does_not_command_the_terminal(app: SmallApp, run: Run) -> None:
    """U8: what ALC and Attio have said is shown as what it is, and an error of theirs is too."""
    app.letters["9"] = DeadLetter("9", "Ada\x1b[2J is not shown.", "No\x9b31m.", 1.0, "Ask Ada\x1b[2J.")
    for command in ("list", "show", "replay"):
        printed = run("dead-letters", command, *(["lead:9"] if command != "list" else [])).output
        assert r"Ada\x1b[2J" in printed
        assert "\x1b[2J" not in printed
        assert "\x9b" not in printed


def test_all_that_can_be_replayed_is(app: SmallApp, run: Run) -> None:
    """What a person has to decide on is left out; naming none and not saying --all is refused."""
    app.letters["9"] = DeadLetter("9", "A workflow has failed.", "", 1_500_000_000.0, caution="It may start a chat.")
    done = json.loads(run("dead-letters", "replay", "--all", "--json").output)["done"]

    assert done == [{"id": "lead:7", "replayed": "The lead 7 is tried again."}]
    assert app.replayed == ["7"]
    assert "A workflow has failed. It may start a chat.\n" in run("dead-letters", "list").output
    assert run("dead-letters", "replay", "lead:9").output == "The lead 9 is tried again.\n"
    assert run("dead-letters", "replay").exit_code == click.UsageError.exit_code
    app.letters.pop("7")
    assert run("dead-letters", "replay", "--all").output == "No dead letter can be replayed without a decision.\n"


def test_the_help_names_the_exit_codes(run: Run) -> None:
    """Scripts need them."""
    assert "2          no problems found" in CliRunner().invoke(main, ["doctor", "--help"]).output
