"""`alc-app doctor`: runs every check, the runtime's and the manifest's, each on its own; mends what can be mended.

It runs in the process that asks, and needs no worker: what is broken may be the worker. So everything that mends is
safe to run twice and beside anything else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeVar

from alc_app.attio.host.context import running
from alc_app.attio.host.doctor import Check, Finding, Level
from alc_app.attio.host.errors import SerializableError
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.timed_checks import TimedChecks
from alc_app.runtime.doctor.work_checks import own_checks
from alc_app.runtime.services import Services

WELL, FINDINGS_REMAIN, COULD_NOT_CHECK = 0, 1, 2
NO_TIME = Finding("This could not be checked in time.", "", "unknown")
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A finding as it is reported."""

    level: Level
    text: str
    subject: str
    mendable: bool
    mended: str | None = None
    """What was done about it."""


@dataclass(frozen=True)
class Result:
    """How one check came out."""

    name: str
    findings: Sequence[Entry]

    @property
    def ok(self) -> bool:
        """Is nothing left to do?"""
        return all(entry.mended for entry in self.findings)


@dataclass(frozen=True)
class Report:
    """How all of them came out."""

    checks: Sequence[Result]

    @property
    def exit_code(self) -> int:
        """What a machine needs to know: 0 well, 1 something is wrong, 2 nothing is, as far as could be checked."""
        left = [entry.level for result in self.checks for entry in result.findings if not entry.mended]
        if not left:
            return WELL
        return COULD_NOT_CHECK if set(left) == {"unknown"} else FINDINGS_REMAIN

    def to_json(self) -> dict[str, Any]:
        """The report for machines, and for the page."""
        checks = [
            {"name": r.name, "ok": r.ok, "findings": [asdict(entry) for entry in r.findings]} for r in self.checks
        ]
        return {"ok": self.exit_code == WELL, "checks": checks}


Found = dict[str, list[Finding]]


class Doctor:
    """All checks of one house."""

    def __init__(self, services: Services, checks: Sequence[Check] | None = None) -> None:
        self._services = services
        checks = [*own_checks(services), *services.manifest.operations.checks] if checks is None else checks
        self._looks = TimedChecks({check.name: partial(self._find_one, check) for check in checks})

    def examine(self, within: float) -> Report:
        """Look, and change nothing. What has not come out after so many seconds could not be checked."""
        return _report(self._find(within), {})

    def mend(self, within: float) -> Report:
        """Look, mend what can be mended, and look again."""
        deadline = time.monotonic() + within
        mended: dict[str, list[Entry]] = {}
        failed: dict[str, str] = {}
        for name, findings in self._find(within).items():
            for finding in findings:
                if finding.mend and time.monotonic() < deadline:
                    try:
                        done = self._guarded(finding.mend)
                        mended.setdefault(name, []).append(replace(_entry(finding), mended=done))
                    except CouldNot as why:
                        failed[finding.text] = str(why)
        return _report(self._find(within), mended, failed)

    def _find(self, within: float) -> Found:
        """The findings of every check, made side by side: one that hangs keeps none of the others from its answer."""
        looks = self._looks.take(within)
        return {name: look.result() if look.done() else [NO_TIME] for name, look in looks.items()}

    def _find_one(self, check: Check) -> list[Finding]:
        try:
            return self._guarded(lambda: list(check.find()))
        except CouldNot as why:
            return [Finding(f"This could not be checked: {why}", "", "unknown")]

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            with running(AppContext(self._services)):
                return work()
        except SerializableError as error:
            raise CouldNot(error.message) from error
        except Exception as error:
            log.exception("The doctor stumbled.")
            raise CouldNot("Something unexpected happened. The log says what.") from error


class CouldNot(Exception):
    """It could not be checked or mended; the message is a whole sentence."""


def _report(found: Found, mended: dict[str, list[Entry]], failed: dict[str, str] | None = None) -> Report:
    results = []
    for name, findings in found.items():
        left = [_entry(finding, (failed or {}).get(finding.text)) for finding in findings]
        results.append(Result(name, [*mended.get(name, []), *left]))
    return Report(results)


def _entry(finding: Finding, failed: str | None = None) -> Entry:
    text = f"{finding.text} Mending it failed: {failed}" if failed else finding.text
    return Entry(finding.level, text, finding.subject, finding.mend is not None)
