"""The bulk record action: "Send to ALC" for all people who are selected in a table.

TUTORIAL: its `bulkActions` stay empty. Each person is sent by the same server function as by the button on the record,
so a second click, here or there, starts no second chat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alc_app.attio import AttioError, BatchContext, BulkRecordAction, RunRecordBatches
from alc_app.attio.bulk import ToastText
from alc_app.attio.client import alert, all_settled, confirm, graphql, run_query
from alc_app.attio.host.errors import QueryError
from alc_app.send_to_alc_record_action import UNDECIDED, explain
from alc_app.send_to_alc_server import send_to_alc

GET_PEOPLE_PHONE_NUMBERS = graphql(Path(__file__).parent / "get_people_phone_numbers.graphql")
BATCH_SIZE = 10
"""People in a batch: they are sent in parallel, and the progress toast changes after each batch."""
NAMES_SHOWN = 6
"""Names that are listed for one reason."""


@dataclass(frozen=True)
class NotSent:
    """A person who was not sent, or not yet, and why."""

    name: str
    reason: str
    goes_on: bool = False
    """Whether the app goes on sending this person."""


async def on_trigger(run_record_batches: RunRecordBatches) -> None:
    """Send the selected people to ALC, batch by batch, and show the user who was not sent."""
    total = run_record_batches.total_records
    agreed = await confirm(
        title=f"Send {_people(total)} to ALC?",
        text="Each person gets an SMS from ALC's agent. People who are already in a chat get no second one.",
        confirm_label="Send to ALC",
    )
    if not agreed:
        return
    left_out: list[NotSent] = []

    async def work(record_ids: Sequence[str]) -> None:
        left_out.extend(await send_batch(record_ids))

    def progress(context: BatchContext) -> ToastText:
        return {"title": "Sending to ALC...", "text": f"{context.processed_records} of {context.total_records}"}

    def complete(context: BatchContext) -> ToastText | None:
        if left_out:  # one message: the alert below says it all
            return None
        title = f"{_people(context.total_records)} sent to ALC"
        return {"title": title, "text": "ALC's agent writes to them now."}

    run = await run_record_batches(
        work,
        batch_size=BATCH_SIZE,
        on_start=progress,
        on_progress=progress,
        on_complete=complete,
        on_error=lambda _: None,
    )
    if run.error and not isinstance(run.error, QueryError):
        raise run.error  # without a connection Attio asks the user to connect
    if run.error:
        left_out.append(NotSent("Everyone after them" if run.results else "Everyone", "Failed to load person data."))
    if left_out:
        sent = 0 if run.error else total - len(left_out)
        others = f"\n{_people(sent)} sent." if sent else ""
        await alert(title=_title(left_out, run.error), text=reasons(left_out) + others)


async def send_batch(record_ids: Sequence[str]) -> list[NotSent]:
    """Send these people in parallel. Returns those who were not sent. Raises: QueryError, AttioError."""
    people = (await run_query(GET_PEOPLE_PHONE_NUMBERS, recordIds=list(record_ids)))["people"]["records"]
    found = [person for person in people if person]
    left_out = [NotSent("A deleted record", "It is no longer in the CRM.")] * (len(record_ids) - len(found))
    left_out += [NotSent(_display_name(p), "No phone number found.") for p in found if not p["phone_numbers"]]
    reachable = [person for person in found if person["phone_numbers"]]
    outcomes = await all_settled(*(send_to_alc(p["id"], _name(p), p["phone_numbers"][0]) for p in reachable))
    for person, outcome in zip(reachable, outcomes, strict=True):
        if isinstance(outcome, AttioError):
            raise outcome
        if isinstance(outcome, Exception):
            left_out.append(NotSent(_display_name(person), explain(outcome), isinstance(outcome, UNDECIDED)))
    return left_out


def reasons(left_out: Sequence[NotSent]) -> str:
    """Return a line for each reason, with the names of the people who were not sent because of it."""
    names: dict[str, list[str]] = {}
    for not_sent in left_out:
        names.setdefault(not_sent.reason, []).append(not_sent.name)
    return "\n".join(f"{_listed(people)}: {reason}" for reason, people in names.items())


def _listed(names: Sequence[str]) -> str:
    shown, more = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _name(person: Mapping[str, Any]) -> str:
    return (person["name"] or {}).get("full_name") or "Unknown"


def _display_name(person: Mapping[str, Any]) -> str:
    """Return what the table shows for a person, who may have an email address and no name."""
    return (person["name"] or {}).get("full_name") or next(iter(person["email_addresses"]), "Unnamed person")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _title(left_out: Sequence[NotSent], error: Exception | None) -> str:
    if error:
        return "Not everyone was sent to ALC"
    unsent = [one for one in left_out if not one.goes_on]
    return f"{_people(len(unsent))} not sent to ALC" if unsent else f"Still sending {_people(len(left_out))} to ALC"


bulk_send_to_alc_action = BulkRecordAction(
    id="bulk-send-to-alc",
    label="Send to ALC",
    on_trigger=on_trigger,
    objects="people",
)
