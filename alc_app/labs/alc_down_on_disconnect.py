"""Lab 7: ALC cannot delete the webhook while the connection is removed."""

from alc_app.events import connection_removed as ours
from alc_app.labs.driver import Driver
from alc_app.labs.naive.events import connection_removed as naive
from alc_app.labs.scenario import Scenario
from alc_app.pages import Choice, Lab
from alc_app.runtime.jobs.connection_lifecycle import Lifecycle

CLEANED_UP_WITHIN = 14.0
"""Seconds that the clean-up may take once ALC is back."""

LAB = Lab(
    name="alc-down-on-disconnect",
    title="ALC down on disconnect",
    fault="Someone disconnects while ALC answers 503. A moment later ALC is back. Both sides use a test connection; "
    "yours stays as it is.",
    question="What happens to the tutorial’s webhook at ALC?",
    choices=[
        Choice("gone", "The tutorial’s code deletes it later.", good=True),
        Choice("left", "It stays. ALC keeps calling an app that is no longer connected."),
        Choice("kept", "It stays, but its address answers 410, so ALC stops calling."),
    ],
    quote="} catch (error) { console.error(error) }",
    quoted_from="events/connection-removed.event.ts",
    why={
        "naive": "It logs the error and never retries. The webhook’s id is lost with the connection.",
        "ours": "The connection ends at once, and its address answers 410. A stored job, with the encrypted token, "
        "retries until ALC has deleted the webhook and revoked the token.",
    },
    requirements=["C10", "C9", "R18"],
)


def run(driver: Driver) -> str:
    """Connect, break ALC, disconnect, restore ALC, and wait for the clean-up."""
    person, webhook = driver.create_person("Disconnected"), driver.connect()
    token = driver.alc.create_tokens(driver.services.config.alc_client_id, "labs")
    driver.add_cleanup(driver.services.oauth.revoke, token["refresh_token"], "refresh_token")
    driver.report("Creates a test connection, with a webhook at ALC.")
    route = f"DELETE /api/v1/webhooks/{webhook['webhook_id']}"
    fault_id = driver.break_alc(route=route, answer={"status": 503}, times=None)
    driver.report("ALC is down: it answers 503 to every deletion of the webhook. Disconnects.")
    driver.disconnect()
    driver.alc.delete_fault(fault_id)
    driver.report("ALC is back.")

    def is_left() -> bool:
        left = driver.alc.list_webhooks(token["access_token"])
        return any(each["webhook_id"] == webhook["webhook_id"] for each in left)

    gone = driver.poll(lambda: not is_left(), timeout=CLEANED_UP_WITHIN)
    verdict = {"event": "lead.processed", "record_id": person, "status": "Complete"}
    answer = driver.http.request("POST", webhook["url"], headers={}, json=verdict).status
    driver.observe("Webhooks left at ALC", int(is_left()), good=gone)
    driver.observe("Its address answers", answer, good=answer == 410)
    status = driver.attio.get_status(person)
    driver.observe("The person’s record says", status or "nothing", good=not status)
    if gone:
        return "gone"
    return "kept" if answer == 410 else "left"


scenario = Scenario(LAB, run, naive=[naive.connection_removed], ours=[ours.connection_removed, Lifecycle.remove])
