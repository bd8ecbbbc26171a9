"""The record action: a button on a person, and an entry in the quick actions. Usage 1-7, 10-12.

The tutorial's `send-to-alc-record-action.ts`. It runs on the client side: it may show things, query GraphQL and call
server functions, and nothing else.
"""

from pathlib import Path

from alc_app.attio import RecordAction
from alc_app.attio.client import INFINITE, alert, graphql, run_query, show_toast
from alc_app.attio.host.errors import QueryError, ServerFunctionError, ServerFunctionTimeout
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcError, AlcRefused, AlcUnreachable
from alc_app.send_to_alc_server import send_to_alc

KEEP_TRYING = "The app keeps trying for up to an hour, and the record shows the result. Nothing is sent twice."
UNKNOWN = "ALC has not answered, so the app does not know yet whether ALC has this person."
RETRY = "Please try again."
# TUTORIAL: it takes ALC's request to wait (429) for a failure, and asks for another click. [step usage-8]
UNDECIDED = (AlcAnswerLost, AlcBusy, ServerFunctionTimeout)
"""Errors after which the send goes on by itself."""
GET_PERSON_PHONE_NUMBERS = graphql(Path(__file__).parent / "get_person_phone_numbers.graphql")


async def on_trigger(record_id: str) -> None:
    """Send the person with this record id to ALC, and show the user how it went."""
    # Usage 5. TUTORIAL: it shows this toast for Attio's default of 4 seconds. Here it stays until the work has ended.
    # [step usage-5]
    toast = await show_toast("Preparing to send to ALC...", variant="neutral", duration_ms=INFINITE)

    try:
        person = (await run_query(GET_PERSON_PHONE_NUMBERS, recordId=record_id))["person"]  # Usage 6
    except QueryError:  # TUTORIAL: it handles no query that fails, so no one sees an alert. [step usage-6]
        person = None

    if not person:
        await toast.hide_toast()
        await alert(title="Failed to load person data", text="Please try again.")
        return

    first_phone_number = next(iter(person["phone_numbers"]), None)
    if not first_phone_number:
        await toast.hide_toast()
        await alert(
            title="No phone number found",
            text="Please add a phone number to the person and try again.",
        )
        return

    full_name = (person["name"] or {}).get("full_name") or "Unknown"
    try:
        lead = await send_to_alc(record_id, full_name, first_phone_number)  # Usage 7-10
    # TUTORIAL: it catches everything, so a user without a connection is never asked to connect. Here Attio asks, and
    # the alert says what ALC said. [step usage-7]
    except (AlcError, ServerFunctionError, ServerFunctionTimeout) as error:
        await toast.hide_toast()
        title = "Still sending to ALC" if isinstance(error, UNDECIDED) else "Failed to send to ALC"
        await alert(title=title, text=explain(error))
        return

    await toast.hide_toast()  # Usage 11
    # TUTORIAL: it never learns that the record could not be written. Here the lead is sent, so this is a success (C3),
    # and the toast says that the status will follow. [step usage-12]
    delayed = None if lead["shown"] else "The status on the record will follow in a moment."
    if lead.get("why"):
        delayed = f"The record cannot show its status at the moment. Attio says: {lead['why']}"
    await show_toast("Successfully sent to ALC!", variant="success", text=delayed)  # Usage 12


def explain(error: Exception) -> str:
    """Return why a person is not sent, or not yet, and what happens next."""
    if isinstance(error, ServerFunctionTimeout):
        return "The record will show its status as soon as ALC has answered."
    # TUTORIAL: it says "Please try again." also of what ALC may have, so people send twice. [lab answer-lost]
    if isinstance(error, AlcAnswerLost | AlcBusy):
        return f"{UNKNOWN if isinstance(error, AlcAnswerLost) else error.message} {KEEP_TRYING}"
    if isinstance(error, AlcRefused):
        return error.message
    return f"{error.message} {RETRY}" if isinstance(error, AlcUnreachable) else RETRY


send_to_alc_action = RecordAction(
    id="send-to-alc",  # internal unique identifier
    label="Send to ALC",  # user-facing label
    on_trigger=on_trigger,
    # TUTORIAL: it says “person”, an object that Attio does not have. Attio calls it “people”. [step usage-2]
    objects="people",  # only show this action on person records
)
