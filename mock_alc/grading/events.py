"""The bodies that each sender's deliveries have: a usual one, and what a receiver must take or survive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from mock_alc.base.clock import iso
from mock_alc.base.credentials import new_id

Body = dict[str, Any]
Changes = Mapping[str, Body]
"""Labels, each with what is different in the usual body; a field that is None is left out."""


@dataclass(frozen=True)
class Target:
    """Whom the events are about. `now` is in Unix seconds."""

    record_id: str
    lead_id: str
    now: int


@dataclass(frozen=True)
class Events:
    """The bodies of one sender. Each label has the changes that make its body from the usual one."""

    usual: Callable[[Target], Body]
    text: str
    """A field that holds any text."""
    other: Body
    """A change that matters to the receiver."""
    unknown: Changes
    gone: Changes
    wrong_types: Changes
    headers: Mapping[str, str] = field(default_factory=dict)
    is_dated: bool = False
    """Whether the body says in `occurred_at` when it happened."""
    is_list: bool = False
    """Whether the body holds a list `events`."""


def _alc(target: Target) -> Body:
    return {
        "event": "lead.processed",
        "lead_id": target.lead_id,
        "record_id": target.record_id,
        "status": "Complete",
        "interest": "interested",
        "summary": "Sent by mock-alc grade.",
        "occurred_at": iso(datetime.fromtimestamp(target.now, UTC)),
    }


_NOTHING = dict.fromkeys(("lead_id", "record_id", "status", "interest", "summary", "occurred_at"))
ALC = Events(
    _alc,
    "summary",
    {"status": "Failed", "interest": "no_answer"},
    {
        "webhook.test": {**_NOTHING, "event": "webhook.test", "webhook_id": "wh_1"},
        "lead.archived": {**_NOTHING, "event": "lead.archived", "data": {"id": "1"}},
    },
    {"an unknown record and lead": {"record_id": str(uuid4()), "lead_id": new_id("lead")}},
    {
        "record_id is a number": {"record_id": 5}, "status is an object": {"status": {"a": 1}},
        "no record_id": {"record_id": None}, "an unknown status": {"status": "Perhaps"},
        "record_id is a path": {"record_id": "../../companies/records/1"}, "a lone surrogate": {"record_id": "\ud800"},
    },
    is_dated=True,
)  # fmt: skip


def attio_event(kind: str, record_id: Any, **more: Any) -> Body:
    """Return one event of Attio about a record: identifiers only, no values and no time."""
    ids = {name: str(uuid4()) for name in ("workspace_id", "object_id", "attribute_id")}
    actor = {"type": "workspace-member", "id": str(uuid4())}
    return {"event_type": kind, "id": {**ids, "record_id": record_id}, "actor": actor, **more}


def _attio(target: Target) -> Body:
    return {"webhook_id": str(uuid4()), "events": [attio_event("record.updated", target.record_id)]}


ATTIO = Events(
    _attio,
    "note",
    {"webhook_id": "another"},
    {
        "record.teleported": {"events": [attio_event("record.teleported", str(uuid4()))]},
        "activity.created, about no record": {
            "events": [
                {
                    "event_type": "activity.created",
                    "id": {"workspace_id": str(uuid4()), "activity_id": str(uuid4())},
                    "actor": {"type": "system", "id": None},
                }
            ]
        },
    },
    {
        "an unknown record": {"events": [attio_event("record.updated", str(uuid4()))]},
        "deleted, and then merged": {
            "events": [
                attio_event("record.deleted", str(uuid4())),
                attio_event("record.merged", str(uuid4()), duplicate_object_id="1", duplicate_record_id=str(uuid4())),
            ]
        },
    },
    {
        "no events": {"events": None}, "events is an object": {"events": attio_event("record.updated", "1")},
        "an event is null": {"events": [None]}, "event_type is a number": {"events": [attio_event(5, "1")]},  # type: ignore[arg-type]  # it is wrong on purpose
        "id is a string": {"events": [{**attio_event("record.updated", "1"), "id": "1"}]},
        "record_id is a number": {"events": [attio_event("record.updated", 5)]},
        "record_id is a path": {"events": [attio_event("record.updated", "../../companies/records/1")]},
        "a lone surrogate": {"events": [attio_event("record.updated", "\ud800")]},
    },
    is_list=True,
)  # fmt: skip
GITHUB = Events(
    lambda target: {
        "action": "opened", "issue": {"number": 1, "title": target.record_id},
        "repository": {"id": 1, "full_name": "octo/demo"}, "sender": {"login": "octocat", "id": 1},
    },
    "note", {"action": "closed"}, {"an unknown action": {"action": "teleported"}},
    {"an unknown repository": {"repository": {"id": 404, "full_name": "nobody/nothing"}}},
    {"no repository": {"repository": None}, "issue is a list": {"issue": []}, "action is a number": {"action": 5}},
    {"X-GitHub-Event": "issues"},
)  # fmt: skip
STRIPE = Events(
    lambda target: {
        "id": f"evt_{uuid4().hex}", "object": "event", "type": "customer.updated", "created": target.now,
        "livemode": False, "data": {"object": {"id": target.record_id, "object": "customer"}},
    },
    "note", {"type": "customer.deleted"}, {"an unknown type": {"type": "customer.teleported"}},
    {"an unknown customer": {"data": {"object": {"id": "cus_nobody", "object": "customer"}}}},
    {"no data": {"data": None}, "data is a list": {"data": []}, "type is a number": {"type": 5}},
)  # fmt: skip
SLACK = Events(
    lambda target: {
        "type": "event_callback", "event_id": f"Ev{uuid4().hex[:10]}", "event_time": target.now, "team_id": "T1",
        "event": {"type": "app_mention", "user": "U1", "text": target.record_id, "channel": "C1"},
    },
    "note", {"team_id": "T2"}, {"an unknown event": {"event": {"type": "app_teleported"}}},
    {"an unknown channel": {"event": {"type": "app_mention", "user": "U404", "text": "hi", "channel": "C404"}}},
    {"no event": {"event": None}, "event is a list": {"event": []}, "event type is a number": {"event": {"type": 5}}},
)  # fmt: skip
EVENTS = {"standard-webhooks": ALC, "attio": ATTIO, "github": GITHUB, "stripe": STRIPE, "slack": SLACK}
