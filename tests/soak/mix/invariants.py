"""The invariants, of evidence from outside alone: what a person of the workspace, ALC and the CRM can see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.soak.mix.evidence import DECIDED, AlcLead, Asked, Evidence, Shown
from tests.soak.mix.journal import Entry
from tests.soak.mix.people_operations import SENT

CLOCKS = 0.02
"""Seconds by which ALC's times, which it rounds, and ours may differ."""
BAD_WORDS = ("Something unexpected happened", "HTTP 5", "HTTP 0", "no answer")
NOTHING: Shown = {"alc_status": None, "alc_lead_id": None, "alc_interest": None}
FAILED: Shown = {**NOTHING, "alc_status": "Failed"}
"""What a record shows of a request that came to nothing."""
HEARD = 15.0
"""Seconds in which the app has heard of a merge. Who clicks before that clicks on a person whom it cannot know."""
JUST_MERGED = "1 one chat, of people who have just been merged"
"""Noted, and not wrong."""
OVER_A_VERDICT = "2 a failed request over a verdict"
JUST_NOW = 15.0
"""Seconds after which the app has processed a verdict that it was told."""


@dataclass(frozen=True)
class Wrong:
    """A broken invariant. `records` are those that its story is about."""

    rule: str
    text: str
    records: tuple[str, ...] = ()


def violations(seen: Evidence) -> list[Wrong]:
    """Return every broken invariant."""
    checks: Sequence[Callable[[Evidence], Iterator[Wrong]]] = (
        second_chats,
        chats_that_nobody_asked_for,
        records_that_are_wrong,
        steps_back,
        bad_answers,
        successes_without_a_lead,
        work_that_failed,
    )
    return [wrong for check in checks for wrong in check(seen)]


def second_chats(seen: Evidence) -> Iterator[Wrong]:
    """One chat for one person at a time, unless two people with a chat each were merged."""
    for person in _people(seen):
        leads = sorted(seen.leads_of(person), key=lambda lead: lead.created)
        for number, later in enumerate(leads):
            for earlier in leads[:number]:
                is_open = earlier.ended is None or earlier.ended > later.created + CLOCKS
                if is_open and not _were_two_people(seen, earlier, later):
                    yield _second_chat(seen, earlier, later)


def _second_chat(seen: Evidence, earlier: AlcLead, later: AlcLead) -> Wrong:
    text = f"{later.id} of {seen.name(later.record_id)} was begun while {earlier.id} was open"
    records = (later.record_id, earlier.record_id)
    if earlier.record_id == later.record_id:
        return Wrong("1 one chat", text, records)
    since = later.created - seen.family.joined_at(earlier.record_id, later.record_id)
    return Wrong(JUST_MERGED if since < HEARD else "1 one chat", f"{text}, {since:.1f} s after the merge", records)


def _were_two_people(seen: Evidence, earlier: AlcLead, later: AlcLead) -> bool:
    """Tell whether somebody had asked for the later chat before the records were merged."""
    joined = seen.family.joined_at(earlier.record_id, later.record_id)
    asked = seen.requests_of(seen.family.person(later.record_id))
    return later.created < joined or any(one.entry.at < joined and _may_have_begun(seen, one, later) for one in asked)


def chats_that_nobody_asked_for(seen: Evidence) -> Iterator[Wrong]:
    """Each chat has a click or a request of its own, which was not answered before the chat began."""
    for person in _people(seen):
        begun_by: dict[Asked, AlcLead] = {}
        for number, lead in enumerate(sorted(seen.leads_of(person), key=lambda lead: lead.created), start=1):
            if not _assign(seen, lead, begun_by, set()):
                text = f"nobody has asked for {lead.id} of {seen.name(lead.record_id)}, chat {number} of this person"
                yield Wrong("1 one intent", text, (lead.record_id,))


def _assign(seen: Evidence, lead: AlcLead, begun_by: dict[Asked, AlcLead], tried: set[Asked]) -> bool:
    """Find a request for the lead; if it has one already, find another for that one (bipartite matching)."""
    for asked in seen.requests_of(seen.family.person(lead.record_id)):
        if asked not in tried and _may_have_begun(seen, asked, lead):
            tried.add(asked)
            if asked not in begun_by or _assign(seen, begun_by[asked], begun_by, tried):
                begun_by[asked] = lead
                return True
    return False


def _may_have_begun(seen: Evidence, asked: Asked, lead: AlcLead) -> bool:
    """Tell whether this click or request can be the cause of the lead."""
    entry = asked.entry
    answered_before = entry.sends == "yes" and entry.until < lead.created - CLOCKS
    in_time = entry.at <= lead.created + CLOCKS and not answered_before
    return in_time and lead.record_id in seen.family.path(asked.record_id)


def records_that_are_wrong(seen: Evidence) -> Iterator[Wrong]:
    """A record shows the chat under way, or else the latest verdict, of all records that were merged into it."""
    for record_id, shown in seen.shown.items():
        leads = seen.leads_of(record_id)
        possible = _right_values(leads) or [NOTHING, FAILED]
        if shown not in possible and record_id in seen.names:
            rule = OVER_A_VERDICT if shown == FAILED and leads else "2 the record"
            right = " or ".join(dict.fromkeys(map(_short, possible)))
            yield Wrong(rule, f"{seen.name(record_id)} shows {_short(shown)}, not {right}", (record_id,))


def _right_values(leads: Sequence[AlcLead]) -> list[Shown]:
    under_way = [lead for lead in leads if lead.ended is None]
    if under_way:
        return [{"alc_status": "Pending", "alc_lead_id": lead.id, "alc_interest": None} for lead in under_way]
    verdicts = [(lead, verdict) for lead in leads for verdict in lead.verdicts]
    last = max((verdict.at for _, verdict in verdicts), default=0.0)
    return [
        {"alc_status": verdict.status, "alc_lead_id": lead.id, "alc_interest": verdict.interest}
        for lead, verdict in verdicts
        if verdict.at == last
    ]


def steps_back(seen: Evidence) -> Iterator[Wrong]:
    """No write goes from the verdict of a lead back to Pending of the same lead."""
    decided: dict[str, float] = {}
    for write in sorted((write for write in seen.writes if write.is_done), key=lambda write: write.until):
        lead_id, status = write.values.get("alc_lead_id"), write.values.get("alc_status")
        if lead_id and status in DECIDED:
            decided.setdefault(lead_id, write.until)
        elif lead_id and status == "Pending" and decided.get(lead_id, write.at) < write.at:
            text = f"{seen.name(write.record_id)} went back to Pending of {lead_id}"
            yield Wrong("3 no step back", text, (write.record_id,))


def bad_answers(seen: Evidence) -> Iterator[Wrong]:
    """No person reads of an unexpected error, and no page answers 5xx."""
    for entry in seen.entries:
        if any(words in entry.outcome for words in BAD_WORDS):
            yield Wrong("5 answers", f"{entry.kind}: {entry.outcome}", entry.records)


def successes_without_a_lead(seen: Evidence) -> Iterator[Wrong]:
    """Who is told that a person was sent is right: there is a chat, or was until just now."""
    for entry in seen.entries:
        if entry.kind == "click" and entry.outcome.startswith(SENT):
            leads = seen.leads_of(seen.family.person(entry.records[0]))
            if not any(_is_about(lead, entry) for lead in leads):
                start = min(each.at for each in seen.entries)
                text = f"the click at {entry.at - start:.3f} was told of success, and ALC has no lead"
                yield Wrong("5 answers", text, entry.records)


def _is_about(lead: AlcLead, entry: Entry) -> bool:
    """Tell whether a click may have been told of this lead: it was open for all that the app knew."""
    known_over = lead.known is not None and lead.known + JUST_NOW < entry.at
    return lead.created <= entry.until + CLOCKS and not known_over


def work_that_failed(seen: Evidence) -> Iterator[Wrong]:
    """Each delivery that was acknowledged is processed, and no run has failed for good."""
    for letter in seen.dead_letters:
        if letter.startswith(("delivery:", "run:")):
            yield Wrong("6 processed", letter)


def _people(seen: Evidence) -> list[str]:
    return sorted({seen.family.person(lead.record_id) for lead in seen.leads})


def _short(values: Shown) -> str:
    return " ".join(value or "-" for value in values.values())
