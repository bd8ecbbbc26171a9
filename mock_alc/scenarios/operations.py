"""Everything that can happen on a day, one row each: its sentence, and the faults that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_alc.double.operations import Operation, Variant, answers_to

SEND, REGISTER, TOKEN = "POST /api/v1/leads", "POST /api/v1/webhooks", "POST /oauth/token"
VERDICT = "lead.processed"
HOUR = 3_600
"""Seconds."""
CROWD = 120
"""More leads than one page of ALC's list has."""
ANOTHER_PERSON = 3
"""The number of the person who is sent at the same moment as somebody else."""


def _forged(**fault: Any) -> Mapping[str, Any]:
    return {"interest": "interested", "fault": {"delivery": VERDICT, **fault}}


CLICKS = {
    "": Variant(""),
    "twice": Variant(", twice at once", {"times": 2}),
    "with_another": Variant(f", and Person {ANOTHER_PERSON} at the same moment", {"also": [ANOTHER_PERSON]}),
}
ANSWERS = answers_to(SEND, done="ALC has taken the lead")
VERDICTS = {
    "interested": Variant("interested", {"interest": "interested"}),
    "no_answer": Variant("no answer", {"interest": "no_answer"}),
    "twice": Variant("interested. The delivery comes twice", _forged(trouble="duplicate")),
    "answer_lost": Variant("interested. ALC loses the answer and delivers again", _forged(trouble="answer_lost")),
    "lost": Variant("interested. The first delivery is lost, and ALC delivers again", _forged(trouble="lost")),
    "tampered_body": Variant("interested. A changed delivery comes first", _forged(trouble="tampered_body")),
    "bad_signature": Variant("interested. A wrongly signed delivery comes first", _forged(trouble="bad_signature")),
    "missing_header": Variant("interested. An unsigned delivery comes first", _forged(trouble="missing_header")),
    "stale": Variant("interested. A delivery signed an hour ago comes first", _forged(trouble="stale")),
    "future": Variant("interested. A delivery signed for an hour later comes first", _forged(trouble="future")),
    "two_signatures": Variant(
        "interested. The delivery has two signatures, and the second is correct", _forged(trouble="rotated_secret")
    ),
    "extra_fields": Variant("interested. The delivery has new fields", _forged(trouble="extra_fields")),
}  # fmt: skip
NEXT = {
    "early": Variant("comes before ALC has answered"),
    "out_of_order": Variant("is followed by an older one"),
    "contradiction": Variant("is contradicted ten seconds later"),
    "unknown_event": Variant("comes after an event of an unknown kind"),
    "foreign_record": Variant("comes after two results for a record that was never sent"),
}
RESENDS = {"": Variant("last", {"which": -1}), "first": Variant("first", {"which": 0})}
WAITS = {
    "minute": Variant("A minute", {"seconds": 60}),
    "day": Variant("A day, in which access tokens expire,", {"seconds": 24 * HOUR, "expires": True}),
}
REFRESH: Mapping[str, Any] = {"route": TOKEN, "match": {"grant_type": "refresh_token"}}
REFRESHES = {
    "lost_after": Variant("is lost after it was done", {**REFRESH, "trouble": "drop", "effect": "done"}),
    "503": Variant("is a 503", {**REFRESH, "answer": {"status": 503}}),
}  # fmt: skip
KILLS = {
    "": Variant("is killed and started again."),
    "in_click": Variant(
        "is killed while it sends {who}, after ALC has taken the lead.", {"in_click": True}, SEND,
        place="instead of click",
    ),
    "in_connect": Variant(
        "is killed while it is connected, after ALC has made the webhook.", {"in_connect": True}, REGISTER,
        place="instead of connect",
    ),
    "after_verdict": Variant(
        "is killed as soon as it has answered the result of {who}.", {"after_verdict": True}, VERDICT,
        place="instead of verdict",
    ),
}  # fmt: skip
DELETION: Mapping[str, Any] = {"route": "DELETE /api/v1/webhooks/*"}
DISCONNECTS = {
    "": Variant(""),
    "lost": Variant(", and ALC's answer to the deletion of a webhook is lost", {**DELETION, "trouble": "drop"}),
    "lost_after": Variant(
        ", and ALC's answer to the deletion of a webhook is lost after it was done",
        {**DELETION, "trouble": "drop", "effect": "done"},
    ),
    "503": Variant(", and ALC answers 503 to the deletion of a webhook", {**DELETION, "answer": {"status": 503}}),
}
REGISTRATION: Mapping[str, Any] = {"route": REGISTER}
GRANT: Mapping[str, Any] = {"route": TOKEN, "match": {"grant_type": "authorization_code"}}
CONNECTS = {
    "": Variant(""),
    "lost": Variant(
        ", and ALC's answer to a new webhook is lost after it was made",
        {**REGISTRATION, "trouble": "drop", "effect": "done"},
    ),
    "503": Variant(", and ALC answers 503 to a new webhook", {**REGISTRATION, "answer": {"status": 503}}),
    "grant_lost": Variant(", and ALC's answer with the tokens is lost", {**GRANT, "trouble": "drop", "effect": "done"}),
}  # fmt: skip
DISABLES = {
    "": Variant(""),
    "crowd": Variant(f", and another app of the same account sends {CROWD} people", {"leads": CROWD}),
}

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("click", "{who} is sent{how}.", CLICKS, weight=6, spoils="click", place="instead of click"),
        Operation(
            "answer", "ALC's next answer to a new lead {how}.", ANSWERS, weight=3, then="click", place="before"
        ),
        Operation(
            "verdict", "ALC decides on {who}: {how}.", VERDICTS, weight=5, spoils=VERDICT,
            place="instead of verdict",
        ),
        Operation(
            "next_verdict", "The result of the next chat of {who} {how}.", NEXT, weight=3, then="click",
            spoils=VERDICT, place="before click",
        ),
        Operation(
            "resend", "ALC sends the {how} result of {who} again.", RESENDS, spoils=VERDICT, place="after verdict"
        ),
        Operation("wait", "{how} passes.", WAITS),
        Operation("tokens", "The access tokens expire.", spoils=TOKEN, place="before"),
        Operation(
            "refresh", "The access tokens expire, and the answer to the next refresh {how}.", REFRESHES,
            needs="reconnect", place="before",
        ),
        Operation("kill", "The app {how}", KILLS, needs="kill"),
        Operation(
            "disconnect", "The app is disconnected{how}.", DISCONNECTS, then="verdict", needs="reconnect",
            spoils="disconnect", place="instead of disconnect",
        ),
        Operation(
            "connect", "The app is connected again{how}.", CONNECTS, needs="reconnect", spoils="connect",
            place="instead of connect",
        ),
        Operation(
            "connect_once_more", "The app is connected again while it is connected{how}.", CONNECTS,
            needs="reconnect", spoils="connect", place="after connect",
        ),
        Operation(
            "disable", "ALC disables the webhook, as after days of failures{how}.", DISABLES, then="verdict",
            needs="reconnect", spoils=VERDICT, place="before verdict",
        ),
    )
}  # fmt: skip
