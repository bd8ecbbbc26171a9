"""Everything that can happen on a day, one row each: what it says, and how it is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_alc.testing.storm.day import Day
from mock_alc.testing.storm.happening import SEND, TOKEN, VERDICT, Happening

HOUR = 3_600


@dataclass(frozen=True)
class Variant:
    """One way in which an operation goes: its words, and the faults or values that it stands for."""

    words: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One kind of happening. `says` has {who} and {how}; `play` returns False if there was nothing to do."""

    name: str
    says: str
    play: Callable[[Day, Happening, Mapping[str, Any]], bool]
    variants: Mapping[str, Variant] = field(default_factory=lambda: {"": Variant("")})
    weight: int = 1
    """How often it happens, beside the others."""
    then: str = ""
    """What often comes next, for the same person, because it shows what this has done."""
    needs: str = "click"

    def tell(self, happening: Happening) -> str:
        """Return the sentence of a happening."""
        who = f"Person {happening.who}"
        return self.says.format(who=who, how=self.variants[happening.how].words.format(who=who))


def _click(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.click(what.who, times=values.get("times", 1))
    return True


def _fail(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.control("POST", "faults", dict(values))
    return True


def _expire(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.let_pass(HOUR + 1)
    day.cleans_up_later |= values.get("effect") == "done"
    return _fail(day, what, values) if values else True


def _decide(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.decide(what.who, values["interest"], values.get("fault"))


def _begin_scenario(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.control("POST", f"scenarios/{what.how}", {"record_id": day.person(what.who)})
    return True


def _resend(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.resend(what.who, values["which"])


def _wait(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.let_pass(values["seconds"])
    return True


def _kill(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    if values.get("after_verdict") and not day.decide(what.who, "interested", None):
        return False
    day.kill(what.who if values.get("in_click") else None)
    return True


def _disconnect(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.disconnect(values)


def _connect(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.connect(values)


def _forged(**fault: Any) -> Mapping[str, Any]:
    return {"interest": "interested", "fault": {"delivery": VERDICT, **fault}}


CLICKS = {"": Variant(""), "twice": Variant(", twice at once", {"times": 2})}
ANSWERS = {
    "lost_after": Variant("is lost after ALC has taken the lead", {"route": SEND, "trouble": "drop", "effect": "done"}),
    "lost_before": Variant("is lost before ALC has taken the lead", {"route": SEND, "trouble": "drop"}),
    "500_after": Variant(
        "is a 500, though ALC has taken the lead", {"route": SEND, "answer": {"status": 500}, "effect": "done"}
    ),
    "503": Variant("is a 503", {"route": SEND, "answer": {"status": 503}}),
    "429_seconds": Variant("is a 429 with Retry-After: 1", {"route": SEND, "trouble": "rate_limited", "seconds": 1}),
    "429_date": Variant(
        "is a 429 with a date in Retry-After",
        {"route": SEND, "trouble": "rate_limited", "seconds": 1, "retry_after_as": "http-date"},
    ),
    "garbage": Variant("is no JSON, though ALC has taken the lead", {"route": SEND, "trouble": "garbage"}),
    "cut": Variant("is cut in the middle, though ALC has taken the lead", {"route": SEND, "trouble": "cut"}),
    "slow": Variant("comes slowly", {"route": SEND, "trouble": "slow", "seconds": 0.3}),
}  # fmt: skip
VERDICTS = {
    "interested": Variant("interested", {"interest": "interested"}),
    "no_answer": Variant("no answer", {"interest": "no_answer"}),
    "twice": Variant("interested. The delivery comes twice", _forged(trouble="duplicate")),
    "answer_lost": Variant("interested. ALC loses the answer and delivers again", _forged(trouble="answer_lost")),
    "lost": Variant("interested. The first delivery is lost, and ALC delivers again", _forged(trouble="lost")),
    "tampered_body": Variant("interested. A changed delivery comes first", _forged(trouble="tampered_body")),
    "bad_signature": Variant("interested. One with a wrong signature comes first", _forged(trouble="bad_signature")),
    "missing_header": Variant("interested. One without a signature comes first", _forged(trouble="missing_header")),
    "stale": Variant("interested. One that was signed an hour ago comes first", _forged(trouble="stale")),
    "extra_fields": Variant("interested. The delivery has fields that are new", _forged(trouble="extra_fields")),
}  # fmt: skip
NEXT = {
    "early": Variant("comes before ALC has answered"),
    "out_of_order": Variant("is followed by an older one"),
    "contradiction": Variant("is contradicted ten seconds later"),
    "unknown_event": Variant("comes after an event of an unknown kind"),
    "foreign_record": Variant("comes after two about a record that was never sent"),
}
RESENDS = {"": Variant("last", {"which": -1}), "first": Variant("first", {"which": 0})}
WAITS = {
    "minute": Variant("A minute", {"seconds": 60}),
    "day": Variant("A day, in which access tokens expire,", {"seconds": 24 * HOUR}),
}
REFRESH: Mapping[str, Any] = {"route": TOKEN, "match": {"grant_type": "refresh_token"}}
REFRESHES = {
    "lost_after": Variant("is lost after it was done", {**REFRESH, "trouble": "drop", "effect": "done"}),
    "503": Variant("is a 503", {**REFRESH, "answer": {"status": 503}}),
}  # fmt: skip
KILLS = {
    "": Variant("is killed and started again."),
    "in_click": Variant("is killed while it sends {who}, after ALC has taken the lead.", {"in_click": True}),
    "after_verdict": Variant("is killed as soon as it has answered the verdict on {who}.", {"after_verdict": True}),
}  # fmt: skip
DELETION: Mapping[str, Any] = {"route": "DELETE /api/v1/webhooks/*"}
DISCONNECTS = {
    "": Variant(""),
    "lost": Variant(", and ALC's answer to the deletion of a webhook is lost", {**DELETION, "trouble": "drop"}),
    "503": Variant(", and ALC answers 503 to the deletion of a webhook", {**DELETION, "answer": {"status": 503}}),
}
REGISTRATION: Mapping[str, Any] = {"route": "POST /api/v1/webhooks"}
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

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("click", "{who} is sent{how}.", _click, CLICKS, weight=6),
        Operation("answer", "ALC's next answer to a new lead {how}.", _fail, ANSWERS, weight=3, then="click"),
        Operation("verdict", "ALC decides about {who}: {how}.", _decide, VERDICTS, weight=5),
        Operation(
            "next_verdict", "The verdict on the next chat of {who} {how}.", _begin_scenario, NEXT, weight=3,
            then="click",
        ),
        Operation("resend", "ALC sends the {how} verdict on {who} again.", _resend, RESENDS),
        Operation("wait", "{how} passes.", _wait, WAITS),
        Operation("tokens", "The access tokens expire.", _expire),
        Operation(
            "refresh", "The access tokens expire, and the answer to the next refresh {how}.", _expire, REFRESHES,
            needs="reconnect",
        ),
        Operation("kill", "The app {how}", _kill, KILLS, needs="kill"),
        Operation("disconnect", "The app is disconnected{how}.", _disconnect, DISCONNECTS, needs="reconnect"),
        Operation("connect", "The app is connected again{how}.", _connect, CONNECTS, needs="reconnect"),
    )
}  # fmt: skip
