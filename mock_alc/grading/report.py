"""The report of a grading: for each check what was sent, what came back, why it matters, and how to fix it."""

from dataclasses import asdict, dataclass, field
from typing import Any

PASSED, FAILED, NOT_SEEN = "passed", "failed", "not seen"


@dataclass(frozen=True)
class Result:
    """The outcome of one check; `complaint` says what was wrong, and is empty if nothing was."""

    name: str
    title: str
    outcome: str
    why: str
    remedy: str
    sent: list[str] = field(default_factory=list)
    came_back: list[str] = field(default_factory=list)
    complaint: str = ""


@dataclass(frozen=True, repr=False)
class Report:
    """All results of one run. `subject` is the URL that was graded."""

    subject: str
    results: list[Result]
    remarks: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if result.outcome == FAILED]

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(result.outcome == PASSED for result in self.results)

    @property
    def full_marks(self) -> bool:
        """Whether every check passed."""
        return self.passed == len(self.results)

    def __repr__(self) -> str:
        """Summarize the report in one line, which pytest shows when `report.full_marks` fails."""
        return f"<Report on {self.subject}: {self.passed} of {len(self.results)} checks passed>"

    def __str__(self) -> str:
        """List what failed and how to fix it."""
        lines = [f"{self.subject}: {self.passed} of {len(self.results)} checks passed."]
        lines += [f"  {result.title}: {result.complaint} {result.remedy}" for result in self.failed]
        return "\n".join([*lines, *self.remarks])

    def as_json(self) -> dict[str, Any]:
        """Return the report as a dict for JSON."""
        return {
            "subject": self.subject,
            "full_marks": self.full_marks,
            "passed": self.passed,
            "failed": len(self.failed),
            "of": len(self.results),
            "remarks": self.remarks,
            "results": [asdict(result) for result in self.results],
        }
