"""The tutorial's numbered steps (docs.attio.com/sdk/concepts, "Sequence"), in its own words, each with an explanation.

The page shows them, and `alc-app tour` prints them.
"""

from dataclasses import dataclass
from typing import Final, Literal

UserAction = Literal["connect", "log_in", "view", "click", "wait", "disconnect"]
"""What a person does to trigger a step, or to wait for it."""


@dataclass(frozen=True)
class Step:
    """One step: the tutorial's sentence, what happens here, and why that is safe."""

    id: str  # as the exchange log names it (sequence.py)
    who: str
    action: UserAction
    text: str
    what: str
    safe: str

    @property
    def slug(self) -> str:
        """The step's name in an address."""
        return self.id.lower().replace(" ", "-")

    @property
    def chapter(self) -> str:
        """Installation, Usage, Later or Removal."""
        return self.id.partition(" ")[0]


CHAPTERS: Final = {
    "Installation": "You allow this workspace to use ALC, and ALC learns how to call back.",
    "Usage": "One click sends a person to ALC.",
    "Later": "ALC's agent has chatted with the person, and calls back.",
    "Removal": "You disconnect, and nothing is left behind.",
}

STEPS: Final = (
    Step(
        "Installation 1", "You", "connect",
        "User clicks to install the app.",
        "Press Connect. It opens Acme Lead Checker's own site in this tab.",
        "In the demo all of it runs on this machine, and nobody gets an SMS.",
    ),
    Step(
        "Installation 2", "Attio", "connect",
        "User is prompted to add a connection to Acme Lead Checker.",
        "The app asks ALC where its endpoints are, and sends your browser to its sign-in page.",
        "The address carries a state and a PKCE challenge: only the browser that left can come back.",
    ),
    Step(
        "Installation 3", "You", "log_in",
        "User logs into Acme Lead Checker to complete the OAuth flow.",
        "Sign in with the demo account, which is filled in already, and press Allow.",
        "Your password goes to ALC and never to this app, which gets a token that you can revoke.",
    ),
    Step(
        "Installation 4", "Attio", "log_in",
        "User is redirected back to Attio. The app is now installed.",
        "The code is traded for tokens. Steps 5 to 7 run first, and the app counts as installed when they have passed.",
        "A connection is saved whole or not at all. Its tokens are sealed before they are stored.",
    ),
    Step(
        "Installation 5", "Attio", "log_in",
        "The connection-added event handler the app registered is fired.",
        "The worker runs connection_added(), a file of the app.",
        "It is a durable run: killed at any line, it goes on there; if it fails, all that it did is undone.",
    ),
    Step(
        "Installation 6", "The app", "log_in",
        "Event Handler calls createWebhookHandler() to register a webhook handler.",
        "The app gets an address of its own for ALC to call.",
        "The address is long and random, and has its own secret: knowing it is not enough to write to a record.",
    ),
    Step(
        "Installation 7", "The app", "log_in",
        "Event Handler registers the new webhook with Acme Lead Checker.",
        "ALC is told the address, the event and the secret, and its id for the webhook is kept for the removal.",
        "If ALC's answer is lost, the webhook is found again by its name: none is left that nobody owns.",
    ),
    Step(
        "Usage 1", "The app", "view",
        "App provides a record action, which manifests itself as a button on the People record page and in the CMD-K "
        "quick action palette.",
        "The manifest, alc_app/app.py, names every entry point of the app.",
        "A record action can show things, query GraphQL and call server functions. It has no way to the outside.",
    ),
    Step(
        "Usage 2", "You", "view",
        "User views the record page.",
        "Open a person. The button is at the top right.",
        "Looking at a record changes nothing, here or at ALC.",
    ),
    Step(
        "Usage 3", "You", "click",
        "User clicks button.",
        "Press Send to ALC, or Ctrl K and Enter.",
        "Press it twice if you like: both clicks join one send, and the person gets one chat.",
    ),
    Step(
        "Usage 4", "Attio", "click",
        "Attio's UI fires the onTrigger() function provided by the record action.",
        "Here it is on_trigger(), a coroutine whose effects reach your browser one by one.",
        "The click carries a CSRF token, so no other site can press the button for you.",
    ),
    Step(
        "Usage 5", "The app", "click",
        "Record Action notifies the user that async things are happening with showToast().",
        "The first toast shows before any work is done.",
        "It stays until the work has ended. The tutorial's leaves after four seconds, done or not.",
    ),
    Step(
        "Usage 6", "The app", "click",
        "Record Action loads the phone number of the person whose record page we are on asynchronously via GraphQL "
        "using runQuery(). If no phone numbers are found, the user is notified via an alert(). Otherwise...",
        "The .graphql file is the tutorial's, word for word.",
        "A query that fails ends with an alert. In the tutorial the first toast would stand for ever.",
    ),
    Step(
        "Usage 7", "The app", "click",
        "Record Action calls a server function called sendToALC().",
        "send_to_alc() runs on the worker, another process, as it runs on Attio's servers for TypeScript.",
        "The intent to send is written down before anything is sent. One per person can be open at a time.",
    ),
    Step(
        "Usage 8", "The app", "click",
        "Server function uses fetch() to send a POST request to api.acmeleadchecker.ai.",
        "The name and the first phone number go to ALC, with the token of the connection.",
        "The request carries an idempotency key. If the answer is lost, ALC is asked for the key before trying again.",
    ),
    Step(
        "Usage 9", "The app", "click",
        "Server function calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Pending”.",
        "The tutorial says so and never does it: its code writes the lead's id alone. Here the record says Pending.",
        "If Attio is down, the write is done later. A late Pending can never overwrite a Complete.",
    ),
    Step(
        "Usage 10", "The app", "click",
        "Server function returns success.",
        "What it returns has crossed two processes as JSON.",
        "Killed before it returns, the run is taken over by another worker and ends the same.",
    ),
    Step(
        "Usage 11", "The app", "click",
        "Record Action hides first toast with hideToast().",
        "The toast of step 5 leaves.",
        "However the action ends, its toasts are taken away.",
    ),
    Step(
        "Usage 12", "The app", "click",
        "Record Action notifies the user that the process was successful with showToast().",
        "“Successfully sent to ALC!” means that ALC has said so.",
        "Were the record not written yet, the toast would say that too.",
    ),
    Step(
        "Later 10", "ALC", "wait",
        "Acme Lead Checker's server calls a webhook provided by the app.",
        "The agent chats with the person for a few seconds. You need not wait here: close the page, and it happens all "
        "the same.",
        "A signature is checked over the very bytes that came. The delivery is stored before it is answered with 200, "
        "so a verdict is never lost.",
    ),
    Step(
        "Later 11", "The app", "wait",
        "Webhook Handler calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Complete”.",
        "The record changes in every open tab, without a reload.",
        "A delivery that comes twice counts once, and nothing leads back from Complete to Pending.",
    ),
    Step(
        "Removal 1", "The app", "disconnect",
        "Load all our app's webhook handlers (there should only be one).",
        "Disconnect on the app's page. connection_removed() begins with what there is to remove.",
        "People and their statuses stay as they are. You can connect again at any time.",
    ),
    Step(
        "Removal 2", "The app", "disconnect",
        "For each handler, tell ALC to stop calling it.",
        "ALC is told to delete the webhook of Installation 7.",
        "If ALC is down, the connection goes all the same, and ALC is told when it is back. The tutorial forgets it.",
    ),
    Step(
        "Removal 3", "The app", "disconnect",
        "Delete the webhook from Attio.",
        "The handler is gone, and its address answers 410.",
        "The token is revoked and erased. The doctor finds nothing that is left over.",
    ),
)  # fmt: skip
BY_ID: Final = {step.id: step for step in STEPS}
NUMBERS: Final = {step.id: number for number, step in enumerate(STEPS, 1)}
"""Each step's number, from 1 to 24."""
BY_SLUG: Final = {step.slug: step for step in STEPS}
