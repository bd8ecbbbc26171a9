"""The doctor: every check on its own, mending and looking again, and a report for people and machines."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from alc_app.attio.host.doctor import Check, Finding
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.runtime.doctor.doctor import COULD_NOT_CHECK, FINDINGS_REMAIN, OK, Doctor
from alc_app.runtime.services import Services


class Patient:
    """Something that may be broken, and may be mended."""

    def __init__(self, *broken: str) -> None:
        self.broken = list(broken)

    def find(self) -> Iterator[Finding]:
        """A finding for each thing that is broken."""
        for name in self.broken:
            yield Finding(f"{name} is broken.", name, repair=lambda name=name: self._mend(name))

    def _mend(self, name: str) -> str:
        self.broken.remove(name)
        return f"{name} was mended."


@pytest.fixture
def doctor_of(services: Services) -> Callable[..., Doctor]:
    """A doctor who makes these checks, and no others."""
    return lambda **finds: Doctor(services, [Check(name, find) for name, find in finds.items()])


def unmendable() -> Sequence[Finding]:
    return [Finding("This takes a person.", "x", "warning")]


def away() -> Sequence[Finding]:
    raise ServerFunctionError("ALC cannot be reached.")


def stumbles() -> Sequence[Finding]:
    raise KeyError("+442079460018")


def test_a_house_in_order_is_well(doctor_of: Callable[..., Doctor]) -> None:
    """Exit code 0, and every check is named."""
    report = doctor_of(One=list, Two=list).examine(5)

    assert report.exit_code == OK
    assert report.to_json() == {
        "ok": True,
        "checks": [{"name": "One", "ok": True, "findings": []}, {"name": "Two", "ok": True, "findings": []}],
    }


def test_looking_changes_nothing(doctor_of: Callable[..., Doctor]) -> None:
    """Only `mend` mends."""
    patient = Patient("a", "b")

    report = doctor_of(One=patient.find).examine(5)

    assert report.exit_code == FINDINGS_REMAIN
    assert patient.broken == ["a", "b"]
    assert [entry.mendable for entry in report.checks[0].findings] == [True, True]


def test_what_was_mended_is_said_and_is_well(doctor_of: Callable[..., Doctor]) -> None:
    """The second examination decides."""
    report = doctor_of(One=Patient("a", "b").find).repair(5)

    assert report.exit_code == OK
    assert [entry.mended for entry in report.checks[0].findings] == ["a was mended.", "b was mended."]


def test_what_takes_a_person_remains(doctor_of: Callable[..., Doctor]) -> None:
    """Exit code 1, a warning included."""
    report = doctor_of(One=Patient("a").find, Two=unmendable).repair(5)

    assert report.exit_code == FINDINGS_REMAIN
    assert [result.ok for result in report.checks] == [True, False]


def test_mending_that_fails_says_why_and_does_not_stop_the_rest(doctor_of: Callable[..., Doctor]) -> None:
    """Each on its own."""
    broken = Finding("It is broken.", "x", repair=lambda: str(away()))
    patient = Patient("a")

    report = doctor_of(One=lambda: [broken], Two=patient.find).repair(5)

    assert report.checks[0].findings[0].text == "It is broken. Fixing it failed: ALC cannot be reached."
    assert not patient.broken


def test_a_check_that_cannot_be_made_is_a_finding_and_the_others_are_made(doctor_of: Callable[..., Doctor]) -> None:
    """Exit code 2, while nothing else is wrong."""
    report = doctor_of(One=away, Two=list).examine(5)

    assert report.exit_code == COULD_NOT_CHECK
    assert report.checks[0].findings[0].text == "This check could not run: ALC cannot be reached."
    assert doctor_of(One=away, Two=unmendable).examine(5).exit_code == FINDINGS_REMAIN


def test_a_check_that_stumbles_says_nothing_of_the_inside(
    doctor_of: Callable[..., Doctor], caplog: pytest.LogCaptureFixture
) -> None:
    """U9: the log has it, the report has not."""
    report = doctor_of(One=stumbles).examine(5)

    assert "+442079460018" not in json.dumps(report.to_json())
    assert "KeyError" in caplog.text


def test_a_check_that_hangs_costs_the_others_nothing(doctor_of: Callable[..., Doctor]) -> None:
    """Bounded: the page is answered when time is up."""
    forever = threading.Event()

    def hang() -> Sequence[Finding]:
        forever.wait(30)
        return []

    try:
        report = doctor_of(One=hang, Two=unmendable).examine(0.2)
    finally:
        forever.set()

    assert [result.findings[0].text for result in report.checks] == [
        "This check did not finish in time.",
        "This takes a person.",
    ]
