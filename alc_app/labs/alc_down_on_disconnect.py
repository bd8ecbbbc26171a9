"""Lab 7: ALC cannot delete the webhook while the connection is removed."""

from alc_app.events import connection_removed as ours
from alc_app.labs.naive.events import connection_removed as naive
from alc_app.labs.script import Script
from alc_app.labs.side import Side
from alc_app.pages import Choice, Lab
from alc_app.runtime.jobs.connection_lifecycle import Lifecycle

AFTERWARDS = 14.0
"""Seconds after which ALC's webhooks are looked at, once ALC is back."""

LAB = Lab(
    name="alc-down-on-disconnect",
    title="ALC down on disconnect",
    fault="Somebody disconnects while ALC answers 503. A moment later ALC is back. Both sides use a connection that "
    "the lab has made for itself: yours stays as it is.",
    question="Once ALC is back, what is left of the tutorial’s webhook there?",
    choices=[
        Choice("gone", "Nothing. Somebody has come back and deleted it.", good=True),
        Choice("left", "The webhook. ALC goes on calling an app that has no connection any more."),
        Choice("kept", "The webhook, but its address answers 410, so that ALC will stop by itself."),
    ],
    quote="} catch (error) { console.error(error) }",
    quoted_from="events/connection-removed.event.ts",
    why={
        "naive": "It logs the error, and that was the only try. The id of the webhook goes with the connection.",
        "ours": "The connection ends at once and its address answers 410. The clean-up is a job that is kept, with its "
        "sealed token, and tried until ALC has deleted the webhook and revoked the token.",
    },
    requirements=["C10", "C9", "R18"],
)


def play(side: Side) -> str:
    """Connect, break, disconnect, mend, and a while of patience."""
    person, webhook = side.add_person("Disconnected"), side.connect()
    token = side.alc.new_tokens(side.services.config.alc_client_id, "labs")
    side.undo(side.services.oauth.revoke, token["refresh_token"], "refresh_token")
    side.say("A connection of the lab’s own, and its webhook at ALC.")
    down = side.break_alc(route=f"DELETE /api/v1/webhooks/{webhook['webhook_id']}", answer={"status": 503}, times=None)
    side.say("ALC is down: it answers 503 to whoever deletes the webhook. Disconnects.")
    side.disconnect()
    side.alc.mend(down)
    side.say("ALC is back.")

    def is_left() -> bool:
        return any(left["webhook_id"] == webhook["webhook_id"] for left in side.alc.webhooks(token["access_token"]))

    gone = side.comes_true(lambda: not is_left(), within=AFTERWARDS)
    verdict = {"event": "lead.processed", "record_id": person, "status": "Complete"}
    answer = side.http.request("POST", webhook["url"], headers={}, json=verdict).status
    side.observe("Webhooks left at ALC", int(is_left()), good=gone)
    side.observe("Who calls its address is answered", answer, good=answer == 410)
    status = side.crm.says(person)
    side.observe("The record of a person named there says", status or "nothing", good=not status)
    if gone:
        return "gone"
    return "kept" if answer == 410 else "left"


script = Script(LAB, play, naive=[naive.connection_removed], ours=[ours.connection_removed, Lifecycle.remove])
