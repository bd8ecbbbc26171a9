"""The bulk record action: "Send to ALC" for everybody who is selected in a table.

TUTORIAL: its `bulkActions` stay empty. Each person is sent by the same server function as by a single click, so that
nobody gets a second chat because of a second click, here or there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alc_app.attio import AttioError, BatchContext, BulkRecordAction, RunRecordBatches
from alc_app.attio.bulk import ToastText
from alc_app.attio.client import alert, all_settled, confirm, graphql, run_query
from alc_app.attio.host.errors import QueryError, ServerFunctionTimeout
from alc_app.clients.alc_api import AlcRefused, AlcUnreachable
from alc_app.send_to_alc_server import send_to_alc

GET_PEOPLE_PHONE_NUMBERS = graphql(Path(__file__).parent / "get_people_phone_numbers.graphql")
AT_ONCE = 10
"""People in a batch: they are sent side by side, and the toast moves on after each batch."""
NAMES_SHOWN = 6


@dataclass(frozen=True)
class NotSent:
    """Somebody who was not sent, and why."""

    name: str
    reason: str


async def on_trigger(run_record_batches: RunRecordBatches) -> None:
    """Send the selected people to ALC, batch by batch, and tell the user who was not sent."""
    total = run_record_batches.total_records
    agreed = await confirm(
        title=f"Send {_people(total)} to ALC?",
        text="Each gets an SMS from ALC's agent. Whoever is in a chat already gets no second one.",
        confirm_label="Send to ALC",
    )
    if not agreed:
        return
    left_out: list[NotSent] = []

    async def work(record_ids: Sequence[str]) -> None:
        left_out.extend(await send_batch(record_ids))

    def progress(context: BatchContext) -> ToastText:
        return {"title": "Sending to ALC...", "text": f"{context.processed_records} of {context.total_records}"}

    def complete(context: BatchContext) -> ToastText:
        sent = context.total_records - len(left_out)
        return {"title": f"{_people(sent)} sent to ALC", "text": _were_not_sent(left_out)}

    run = await run_record_batches(
        work, batch_size=AT_ONCE, on_start=progress, on_progress=progress, on_complete=complete
    )
    if run.error and not isinstance(run.error, QueryError):
        raise run.error  # without a connection Attio asks the user to connect
    if run.error:
        left_out.append(NotSent("Everybody after them" if run.results else "Everybody", "Failed to load person data."))
    if left_out:
        await alert(title=_title(left_out, run.error), text=reasons(left_out))


async def send_batch(record_ids: Sequence[str]) -> list[NotSent]:
    """Send these people, side by side; returns those who were not sent. Raises: QueryError, AttioError."""
    people = (await run_query(GET_PEOPLE_PHONE_NUMBERS, recordIds=list(record_ids)))["people"]["records"]
    found = [person for person in people if person]
    left_out = [NotSent("A deleted record", "It is not in the CRM any more.")] * (len(record_ids) - len(found))
    left_out += [NotSent(_called(p), "No phone number found.") for p in found if not p["phone_numbers"]]
    reachable = [person for person in found if person["phone_numbers"]]
    outcomes = await all_settled(*(send_to_alc(p["id"], _name(p), p["phone_numbers"][0]) for p in reachable))
    for person, outcome in zip(reachable, outcomes, strict=True):
        if isinstance(outcome, AttioError):
            raise outcome
        if isinstance(outcome, Exception):
            left_out.append(NotSent(_called(person), _reason(outcome)))
    return left_out


def reasons(left_out: Sequence[NotSent]) -> str:
    """A line for each reason, with the names that it is the reason for."""
    names: dict[str, list[str]] = {}
    for one in left_out:
        names.setdefault(one.reason, []).append(one.name)
    return "\n".join(f"{_listed(those)}: {reason}" for reason, those in names.items())


def _listed(names: Sequence[str]) -> str:
    shown, more = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _name(person: Mapping[str, Any]) -> str:
    return (person["name"] or {}).get("full_name") or "Unknown"


def _called(person: Mapping[str, Any]) -> str:
    """What the table calls somebody, who may be known by an address only."""
    return (person["name"] or {}).get("full_name") or next(iter(person["email_addresses"]), "Unnamed person")


def _reason(error: Exception) -> str:
    if isinstance(error, ServerFunctionTimeout):
        return "Still sending. The record will show its status as soon as ALC has answered."
    if isinstance(error, AlcRefused | AlcUnreachable):
        return str(error)
    return "Nobody knows yet whether ALC has it. Trying again sends nothing twice."


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _were_not_sent(left_out: Sequence[NotSent]) -> str:
    return f"{_people(len(left_out))} could not be sent." if left_out else "ALC's agent writes to them now."


def _title(left_out: Sequence[NotSent], error: Exception | None) -> str:
    return "Not everybody was sent to ALC" if error else f"{_people(len(left_out))} not sent to ALC"


bulk_send_to_alc_action = BulkRecordAction(
    id="bulk-send-to-alc",
    label="Send to ALC",
    on_trigger=on_trigger,
    objects="people",
)
