"""`alc-app doctor`: run every check of the runtime and of the manifest, and repair what can be repaired.

The doctor runs in the process that asks and needs no worker, because the worker may be what is broken. Mending is
therefore safe to run twice, and at the same time as anything else.
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
from alc_app.runtime.doctor.work_checks import runtime_checks
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import report

OK, FINDINGS_REMAIN, COULD_NOT_CHECK = 0, 1, 2
"""Exit codes of `alc-app doctor`."""
TIMED_OUT = Finding("This check did not finish in time.", "", "unknown")
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportedFinding:
    """A finding as it is reported."""

    level: Level
    text: str
    subject: str
    mendable: bool
    mended: str | None = None
    """What was done about it."""


@dataclass(frozen=True)
class Result:
    """The findings of one check."""

    name: str
    findings: Sequence[ReportedFinding]

    @property
    def ok(self) -> bool:
        """Return whether nothing is left to do."""
        return all(finding.mended for finding in self.findings)


@dataclass(frozen=True)
class Report:
    """The results of all checks."""

    checks: Sequence[Result]

    @property
    def exit_code(self) -> int:
        """0: nothing is wrong. 1: something is wrong. 2: nothing was found wrong, but not everything was checked."""
        left = [finding.level for result in self.checks for finding in result.findings if not finding.mended]
        if not left:
            return OK
        return COULD_NOT_CHECK if set(left) == {"unknown"} else FINDINGS_REMAIN

    def to_json(self) -> dict[str, Any]:
        """Return the report for machines and for the page."""
        checks = [
            {"name": result.name, "ok": result.ok, "findings": [asdict(finding) for finding in result.findings]}
            for result in self.checks
        ]
        return {"ok": self.exit_code == OK, "checks": checks}


Findings = dict[str, list[Finding]]
"""The findings of each check, by its name."""


class Doctor:
    """All checks of one installation."""

    def __init__(self, services: Services, checks: Sequence[Check] | None = None) -> None:
        """Use these checks; by default those of the runtime and of the manifest."""
        self._services = services
        checks = [*runtime_checks(services), *services.manifest.operations.checks] if checks is None else checks
        self._checks = TimedChecks({check.name: partial(self._find_one, check) for check in checks})

    def examine(self, within: float) -> Report:
        """Run the checks and change nothing. A check without a result after `within` seconds could not be checked."""
        return _report(self._find(within), {})

    def repair(self, within: float) -> Report:
        """Run the checks, repair what can be repaired, and run the checks again."""
        deadline = time.monotonic() + within
        mended: dict[str, list[ReportedFinding]] = {}
        failed: dict[str, str] = {}
        for name, findings in self._find(within).items():
            for finding in findings:
                if finding.repair and time.monotonic() < deadline:
                    try:
                        done = self._run(finding.repair)
                        mended.setdefault(name, []).append(replace(_reported(finding), mended=done))
                    except CheckFailed as error:
                        failed[finding.text] = str(error)
        return _report(self._find(within), mended, failed)

    def _find(self, within: float) -> Findings:
        """Run the checks in parallel: one that hangs does not hold up the others."""
        results = self._checks.run(within)
        return {name: result.result() if result.done() else [TIMED_OUT] for name, result in results.items()}

    def _find_one(self, check: Check) -> list[Finding]:
        try:
            return self._run(lambda: list(check.find()))
        except CheckFailed as error:
            return [Finding(f"This check could not run: {error}", "", "unknown")]

    def _run(self, work: Callable[[], T]) -> T:
        try:
            with running(AppContext(self._services)):
                return work()
        except SerializableError as error:
            raise CheckFailed(error.message) from error
        except Exception as error:
            raise CheckFailed(report(log, "A check or a repair of the doctor failed.", error)) from error


class CheckFailed(Exception):
    """Something could not be checked or repaired; the message is a whole sentence."""


def _report(
    findings: Findings, mended: dict[str, list[ReportedFinding]], failed: dict[str, str] | None = None
) -> Report:
    """Join what was mended with what is left; `failed` holds the reason by the text of the finding."""
    results = []
    for name, found in findings.items():
        left = [_reported(finding, (failed or {}).get(finding.text)) for finding in found]
        results.append(Result(name, [*mended.get(name, []), *left]))
    return Report(results)


def _reported(finding: Finding, failed: str | None = None) -> ReportedFinding:
    text = f"{finding.text} Fixing it failed: {failed}" if failed else finding.text
    return ReportedFinding(finding.level, text, finding.subject, finding.repair is not None)
