"""The page of faults: lists them, sets common ones, and clears one or all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.console.pages import backstage, login_required, words
from mock_alc.services import alc

SEND = "POST /api/v1/leads"
VERDICT = "lead.processed"
TIMES = {"1": "once", "3": "3 times", "": "always"}


@dataclass(frozen=True)
class CommonFault:
    """A fault that the page offers as a button; `/_mock/faults` can set any other one."""

    title: str
    says: str
    spec: Mapping[str, Any]


COMMON: dict[str, CommonFault] = {
    "down": CommonFault("ALC is down", "ALC refuses a lead with 503.", {"route": SEND, "answer": {"status": 503}}),
    "busy": CommonFault(
        "Too many requests",
        "ALC answers a lead with 429 and a Retry-After of five seconds.",
        {"route": SEND, "trouble": "rate_limited", "seconds": 5.0},
    ),
    "answer_lost": CommonFault(
        "Answer lost",
        "ALC takes the lead, then drops the connection without an answer.",
        {"route": SEND, "trouble": "drop", "effect": "done"},
    ),
    "late": CommonFault(
        "Slow answer", "ALC takes the lead, and answers after eight seconds.", {"route": SEND, "latency": 8.0}
    ),
    "garbage": CommonFault(
        "Not JSON", "ALC takes the lead, but its answer is not JSON.", {"route": SEND, "trouble": "garbage"}
    ),
    "no_refresh": CommonFault(
        "Refresh refused",
        "The token endpoint answers invalid_grant.",
        {"route": "POST /oauth/token", "trouble": "oauth_error"},
    ),
    "no_delete": CommonFault(
        "Cannot be deleted",
        "ALC answers 503 to the deletion of a webhook, so a disconnect does not reach it.",
        {"route": "DELETE /api/v1/webhooks/*", "answer": {"status": 503}},
    ),
    "forged": CommonFault(
        "Forged signature", "The signature matches no secret.", {"delivery": VERDICT, "trouble": "bad_signature"}
    ),
    "tampered": CommonFault(
        "Changed on the way",
        "The result is reversed after it was signed.",
        {"delivery": VERDICT, "trouble": "tampered_body"},
    ),
    "stale": CommonFault(
        "Replayed late", "The delivery was signed an hour ago.", {"delivery": VERDICT, "trouble": "stale"}
    ),
    "duplicate": CommonFault(
        "Sent twice",
        "ALC sends the delivery again at once, under the same id.",
        {"delivery": VERDICT, "trouble": "duplicate"},
    ),
    "lost": CommonFault(
        "Lost on the way",
        "The delivery never arrives. ALC retries on its published schedule.",
        {"delivery": VERDICT, "trouble": "lost"},
    ),
    "unheard": CommonFault(
        "Answer lost on the way back",
        "The delivery arrives, but ALC loses the answer and retries.",
        {"delivery": VERDICT, "trouble": "answer_lost"},
    ),
}


@backstage.get("/faults")
@login_required
def faults() -> ResponseReturnValue:
    """Show the faults that are set, newest first, and those that can be set."""
    groups = {
        "ALC's answers": {key: common for key, common in COMMON.items() if "route" in common.spec},
        "Deliveries": {key: common for key, common in COMMON.items() if "delivery" in common.spec},
    }
    armed = [fault | {"title": _title(fault)} for fault in reversed(alc().faults.listed())]
    return render_template("faults.html", groups=groups, armed=armed, times=TIMES)


@backstage.post("/faults")
@login_required
def set_fault() -> ResponseReturnValue:
    """Set one of the common faults, for the chosen number of times."""
    common, times = COMMON.get(request.form.get("fault", "")), request.form.get("times", "1")
    if common is None or times not in TIMES:
        raise NotFound("There is no such fault.")
    alc().faults.add({**common.spec, "times": int(times) if times else None})
    return redirect(url_for("backstage.faults"), 303)


@backstage.post("/faults/clear")
@login_required
def clear_faults() -> ResponseReturnValue:
    """Remove one fault or, without an id, all of them."""
    alc().faults.clear(request.form.get("fault_id") or None)
    return redirect(url_for("backstage.faults"), 303)


def _title(fault: Mapping[str, Any]) -> str:
    same = (common.title for common in COMMON.values() if common.spec.items() <= fault.items())
    return next(same, words(fault.get("trouble")).capitalize() or "Late")
