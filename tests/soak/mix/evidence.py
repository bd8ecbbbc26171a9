"""Everything that can be seen from outside: what ALC and the CRM say, and what the app has written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.soak.mix.crm_gate import Write
from tests.soak.mix.hand import World
from tests.soak.mix.journal import Entry, Family

ATTRIBUTES = ("alc_status", "alc_lead_id", "alc_interest")
DECIDED = ("Complete", "Failed")
ALL = 500
"""People that one query of the CRM returns."""
Shown = Mapping[str, str | None]
Told = dict["Verdict", float]


@dataclass(frozen=True)
class Verdict:
    """A verdict that ALC has told the app, or tells whoever asks."""

    at: float
    status: str
    interest: str | None


@dataclass(frozen=True)
class AlcLead:
    """A lead at ALC."""

    id: str
    record_id: str
    created: float
    ended: float | None
    """When the chat was over; None while it is under way. If that is unknown, when it began."""
    verdicts: tuple[Verdict, ...] = ()
    known: float | None = None
    """When the app is known to have had a verdict: it has acknowledged a delivery of it, or tried to write it."""


@dataclass(frozen=True)
class Asked:
    """A click or a request that was not refused, for one of its records."""

    entry: Entry
    record_id: str


@dataclass(frozen=True)
class Evidence:
    """What was seen when nothing was due any more."""

    entries: Sequence[Entry]
    family: Family
    leads: Sequence[AlcLead]
    writes: Sequence[Write]
    shown: Mapping[str, Shown]
    """What each record that exists says, by attribute."""
    dead_letters: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    deliveries: Sequence[Mapping[str, Any]] = ()

    def leads_of(self, person: str) -> list[AlcLead]:
        """Return the leads of all records that were merged into this one."""
        return self._by_person[0].get(person, [])

    def requests_of(self, person: str) -> list[Asked]:
        """Return every click and request for this person."""
        return self._by_person[1].get(person, [])

    @cached_property
    def _by_person(self) -> tuple[dict[str, list[AlcLead]], dict[str, list[Asked]]]:
        leads: dict[str, list[AlcLead]] = {}
        asked: dict[str, list[Asked]] = {}
        for lead in self.leads:
            leads.setdefault(self.family.person(lead.record_id), []).append(lead)
        for entry in self.entries:
            for record_id in entry.records if entry.sends != "no" else ():
                asked.setdefault(self.family.person(record_id), []).append(Asked(entry, record_id))
        return leads, asked

    def name(self, record_id: str) -> str:
        """Return the short name of a record."""
        return self.names.get(record_id, record_id)


def gather(world: World) -> Evidence:
    """Ask ALC, the CRM and the pages."""
    journal, writes, leads = world.journal, world.gate.writes(), world.alc.leads()
    deliveries = [each for each in world.alc.deliveries() if each["event"] == "lead.processed"]
    told, known = _told(leads, deliveries), {write.values.get("alc_lead_id"): write.at for write in _verdicts(writes)}
    found = world.attio.call("POST", "/v2/objects/people/records/query", {"limit": ALL})
    letters = world.pages.get("/doctor/dead-letters.json").json()["dead_letters"]
    return Evidence(
        entries=journal.entries(),
        family=journal.family,
        leads=[_lead(each, told[each["id"]], known.get(each["id"]), world.postdated) for each in leads],
        writes=writes,
        shown={record["id"]["record_id"]: _values(record["values"]) for record in found},
        dead_letters=[f"{letter['id']}: {letter['text']} {letter['why']}" for letter in letters],
        names=journal.names(),
        deliveries=deliveries,
    )


def _told(leads: Sequence[Mapping[str, Any]], deliveries: Sequence[Mapping[str, Any]]) -> dict[str, Told]:
    """Return by lead the verdicts that the app has acknowledged, with the time of the first acknowledgement."""
    found: dict[str, Told] = {lead["id"]: {} for lead in leads}
    records = {lead["id"]: lead["record_id"] for lead in leads}
    for delivery in deliveries:
        body, at = delivery["body"], _taken_at(delivery)
        if at is not None and records.get(body["lead_id"]) == body["record_id"]:
            found[body["lead_id"]][_verdict(body)] = at
    return found


def _verdicts(writes: Sequence[Write]) -> list[Write]:
    """Return the writes of verdicts, the first of them last."""
    return [write for write in reversed(writes) if write.values.get("alc_status") in DECIDED]


def _taken_at(delivery: Mapping[str, Any]) -> float | None:
    """Return when the app has answered a verdict with 2xx."""
    taken = [seconds(attempt["at"]) for attempt in delivery["attempts"] if (attempt["status"] or 0) // 100 == 2]
    return min(taken) if taken and delivery["body"]["event"] == "lead.processed" else None


def _lead(lead: Mapping[str, Any], told: Told, written: float | None, postdated: Collection[str]) -> AlcLead:
    created = seconds(lead["created_at"])
    decided = None if lead["decided_at"] is None else seconds(lead["decided_at"])
    ended = created if lead["id"] in postdated else decided
    own = [] if decided is None else [Verdict(decided, lead["status"], lead["interest"])]
    known = min([*told.values(), *([written] if written else [])], default=None)
    return AlcLead(lead["id"], lead["record_id"], created, ended, (*own, *told), known)


def _verdict(body: Mapping[str, Any]) -> Verdict:
    return Verdict(seconds(body["occurred_at"]), body["status"], body["interest"])


def _values(values: Mapping[str, Sequence[Mapping[str, Any]]]) -> Shown:
    return {name: values[name][0]["value"] if values[name] else None for name in ATTRIBUTES}


def seconds(instant: str) -> float:
    """Return an instant of ALC's JSON in seconds since 1970."""
    return datetime.fromisoformat(instant).timestamp()
