"""The story of a broken invariant: everything that happened to its records, in order."""

from __future__ import annotations

from collections.abc import Iterator

from tests.soak.mix.evidence import Evidence
from tests.soak.mix.evidence import seconds as at_second
from tests.soak.mix.invariants import Wrong
from tests.soak.mix.trouble import ANOTHER

OF_ALL = ("kill", "reconnect", "doctor")
"""Operations that every record may feel."""
LINES = 60


def story(wrong: Wrong, seen: Evidence) -> list[str]:
    """Return a line for each thing that happened to the records of `wrong`, with the seconds since the start."""
    people = {seen.family.person(record_id) for record_id in wrong.records}
    found = sorted(_happened(seen, people)) if people else []
    start = min((entry.at for entry in seen.entries), default=0.0)
    first = next((at for at, text in found if not text.startswith("*")), 0.0)
    lines = [f"{at - start:8.3f}  {_short(text, seen)}" for at, text in found if at >= first - 1]
    return lines[-LINES:]


def _happened(seen: Evidence, people: set[str]) -> Iterator[tuple[float, str]]:
    def is_theirs(record_id: str) -> bool:
        return seen.family.person(record_id) in people

    for entry in seen.entries:
        if any(map(is_theirs, entry.records)) or (entry.kind in OF_ALL and entry.outcome != ANOTHER):
            mark = "" if entry.records else "* "
            names = " ".join(map(seen.name, filter(is_theirs, entry.records)))
            yield entry.at, f"{mark}{entry.kind} {names} → {entry.outcome} ({entry.until - entry.at:.2f} s)"
    for lead in filter(lambda lead: is_theirs(lead.record_id), seen.leads):
        yield lead.created, f"  ALC has {lead.id} of {seen.name(lead.record_id)}"
    for write in filter(lambda write: is_theirs(write.record_id), seen.writes):
        values = " ".join(str(value) for value in write.values.values())
        yield write.at, f"  PATCH {seen.name(write.record_id)} {values} → {write.status} {write.fault}"
    for delivery in seen.deliveries:
        body = delivery["body"]
        if is_theirs(body["record_id"]):
            for attempt in delivery["attempts"]:
                said = f"{body['lead_id']} {body['status']} {body['interest']} of {body['occurred_at'][11:23]}"
                yield at_second(attempt["at"]), f"  ALC tells {said} → {attempt['status'] or attempt['error']}"


def _short(text: str, seen: Evidence) -> str:
    """Shorten ALC's ids, which are long."""
    for lead in seen.leads:
        text = text.replace(lead.id, lead.id[:10])
    return text
