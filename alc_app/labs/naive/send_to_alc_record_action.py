"""NAIVE, broken on purpose: `send-to-alc-record-action.ts`. The app's own is alc_app/send_to_alc_record_action.py."""

from pathlib import Path

from alc_app.attio.client import alert, graphql, run_query, show_toast
from alc_app.labs.naive.send_to_alc_server import send_to_alc

GET_PERSON_PHONE_NUMBERS = graphql(Path(__file__).parents[2] / "get_person_phone_numbers.graphql")


async def on_trigger(record_id: str) -> None:
    """Send the person with this record id to ALC, as the tutorial does."""
    toast = await show_toast("Preparing to send to ALC...", variant="neutral")

    person = (await run_query(GET_PERSON_PHONE_NUMBERS, recordId=record_id))["person"]

    if not person:
        await toast.hide_toast()
        await alert(title="Failed to load person data", text="Please try again.")
        return

    first_phone_number = next(iter(person["phone_numbers"]), None)
    if not first_phone_number:
        await toast.hide_toast()
        await alert(title="No phone number found", text="Please add a phone number to the person and try again.")
        return

    try:
        await send_to_alc(record_id, (person["name"] or {}).get("full_name") or "Unknown", first_phone_number)
    except Exception:
        await toast.hide_toast()
        await alert(title="Failed to send to ALC", text="Please try again.")
        return

    await toast.hide_toast()
    await show_toast("Successfully sent to ALC!", variant="success")
