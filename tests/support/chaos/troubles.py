"""Trouble in the middle of a rule: a crash, a call that fails, or somebody who does something meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

from alc_app.attio.http import FetchResponse
from tests.support.fakes.runtime import (
    Answer,
    Fault,
    answer_lost,
    does_and_says,
    garbled,
    never_answers,
    says,
    unreachable,
)

EVERY_CALL = ""
RECORDS = "PATCH /v2/objects/people/records"
LEADS = "POST /api/v1/leads"
FAULTS: dict[str, tuple[str, Fault]] = {
    "unreachable": (EVERY_CALL, unreachable),
    "never answers": (EVERY_CALL, never_answers),
    "answer lost": (EVERY_CALL, answer_lost),
    "garbled": (EVERY_CALL, garbled),
    "500": (EVERY_CALL, says(500)),
    "503 although it is done": (EVERY_CALL, does_and_says(503)),
    "429": (EVERY_CALL, says(429, Retry_After="7")),
    "503 for long": (EVERY_CALL, says(503, Retry_After="2000")),
    "a passing 404": (RECORDS, says(404, {"message": "Could not find the record."})),
    "a passing 403": (RECORDS, says(403, {"message": "The scope is missing."})),
    "a passing 401": (RECORDS, says(401)),
    "a refusal": (LEADS, says(422, {"error": {"code": "invalid", "message": "Not this number."}})),
}
MEANWHILE = ["click", "request", "decide", "delete", "merge", "forbid"]
"""What somebody may do while a call is under way: to the person of the rule, if it has one."""


class Trouble(NamedTuple):
    """What happens, how many failpoints or calls pass before it, and how often. Often it is never reached."""

    what: str
    after: int = 0
    times: int = 1


ONCE = st.just(1)
CRASH = st.builds(Trouble, st.sampled_from(["crash", "crash at a write"]), st.integers(0, 20), ONCE)
CRASH_AT_CALL = st.builds(
    Trouble, st.sampled_from(["crash before a call", "crash after a call"]), st.integers(0, 3), ONCE
)
FAULT = st.builds(Trouble, st.sampled_from(sorted([*FAULTS, "late"])), st.integers(0, 3), st.integers(1, 3))
BEFORE = st.builds(Trouble, st.sampled_from(MEANWHILE).map("{} before".format), st.integers(0, 3), ONCE)
AFTER = st.builds(Trouble, st.sampled_from(MEANWHILE).map("{} after".format), st.integers(0, 3), ONCE)
TROUBLE = st.none() | CRASH | CRASH_AT_CALL | FAULT | FAULT | BEFORE | AFTER


def meanwhile(act: Callable[[], object], *, first: bool) -> Fault:
    """Return a fault: somebody acts before the call has its effect, or between its effect and its answer."""

    def fault(do: Answer) -> FetchResponse:
        if first:
            act()
            return do()
        answer = do()
        act()
        return answer

    return fault
