"""Lab 3: somebody who is not ALC calls the webhook."""

import base64
import hashlib
import hmac
import json
import secrets
import time

from alc_app.labs.clients import LabFailed
from alc_app.labs.driver import Driver
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.scenario import Scenario
from alc_app.pages import Choice, Lab
from alc_app.runtime.routes.webhooks import Intake
from alc_app.runtime.signatures.standard_webhooks import verify

LAB = Lab(
    name="forged-signature",
    title="Forged signature",
    fault="A stranger knows the webhook’s address. They post “Complete” for a person whom ALC is still chatting with, "
    "signed with their own key.",
    question="What does the tutorial’s webhook do with it?",
    choices=[
        Choice("believed", "It accepts it. The record says Complete."),
        Choice("refused", "It refuses it. The record does not change.", good=True),
        Choice("accepted", "It answers 200 but writes nothing."),
    ],
    quote="Our webhook handler is going to be called by Acme Lead Checker when they have processed our lead that we "
    "sent them.",
    quoted_from="Implementation, Webhook handler",
    why={
        "naive": "It writes what the body says, and never checks who sent it.",
        "ours": "Each handler has a secret that only ALC and the app know. The app checks the signature over the raw "
        "bytes before it reads or stores anything.",
    },
    requirements=["R1", "R4", "R6"],
)


def run(driver: Driver) -> str:
    """Send the person, post a forged delivery, and check the record."""
    person = driver.create_person("Forged Signature")
    driver.click(person)
    lead = driver.wait_for_lead(person)
    driver.report("A stranger posts “Complete” to the webhook.")
    answer = post_forged_delivery(driver, lead["id"], person)
    driver.wait_for(
        lambda: driver.attio.get_status(person) == "Complete" or answer != 200,
        failure="The forged call had no effect.",
    )
    status = driver.attio.get_status(person)
    if driver.list_leads(person)[0]["status"] != "processing":
        raise LabFailed("ALC decided before the forged call, so this run shows nothing. Run it again.")
    driver.observe("The stranger’s call is answered", answer, good=answer == 401)
    driver.observe("ALC is still chatting", "yes", good=True)
    driver.observe("The record says", status or "nothing", good=status != "Complete")
    if status == "Complete":
        return "believed"
    return "accepted" if answer == 200 else "refused"


def post_forged_delivery(driver: Driver, lead_id: str, record_id: str) -> int:
    """Post a delivery that differs from ALC's only in the signing key. Return the response's status."""
    body = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id, "status": "Complete"}
    message_id, now = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    # json.dumps as `requests` does it, because the signature is made over the bytes.
    signed = f"{message_id}.{now}.{json.dumps(body)}".encode()
    signature = base64.b64encode(hmac.digest(secrets.token_bytes(32), signed, hashlib.sha256)).decode()
    headers = {"webhook-id": message_id, "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
    return driver.http.request("POST", driver.webhook_url(), headers=headers, json=body).status


scenario = Scenario(LAB, run, naive=[lead_processed], ours=[Intake._verify_and_accept, verify])
