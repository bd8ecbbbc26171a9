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
    def number(self) -> int:
        """The step's number in the tutorial: 1 to 24."""
        return NUMBERS[self.id]

    @property
    def slug(self) -> str:
        """The step's name in an address."""
        return self.id.lower().replace(" ", "-")

    @property
    def chapter(self) -> str:
        """Installation, Usage, Later or Removal."""
        return self.id.partition(" ")[0]


CHAPTERS: Final = {
    "Installation": "You connect ALC, and ALC learns which address to call.",
    "Usage": "One click sends a person to ALC.",
    "Later": "ALC's agent has chatted with the person, and sends the result.",
    "Removal": "You disconnect, and ALC stops calling.",
}

STEPS: Final = (
    Step(
        "Installation 1", "You", "connect",
        "User clicks to install the app.",
        "Press Connect. It opens Acme Lead Checker's own site in this tab.",
        "In the demo everything runs on this machine. No SMS is sent.",
    ),
    Step(
        "Installation 2", "Attio", "connect",
        "User is prompted to add a connection to Acme Lead Checker.",
        "The app finds ALC's endpoints and sends your browser to its sign-in page.",
        "The address carries a state and a PKCE challenge, so only your browser can complete the sign-in.",
    ),
    Step(
        "Installation 3", "You", "log_in",
        "User logs into Acme Lead Checker to complete the OAuth flow.",
        "Sign in with the demo account, which is filled in for you, and press Allow.",
        "Your password goes to ALC only. The app gets a token, and you can revoke it.",
    ),
    Step(
        "Installation 4", "Attio", "log_in",
        "User is redirected back to Attio. The app is now installed.",
        "The app exchanges the code for tokens, runs steps 5 to 7, and then counts as installed.",
        "The connection is saved completely or not at all. Its tokens are encrypted before they are stored.",
    ),
    Step(
        "Installation 5", "Attio", "log_in",
        "The connection-added event handler the app registered is fired.",
        "The worker runs connection_added(), a file of the app.",
        "The run survives a crash at any line. If it fails, the app undoes what it did.",
    ),
    Step(
        "Installation 6", "The app", "log_in",
        "Event Handler calls createWebhookHandler() to register a webhook handler.",
        "The app gets its own address for ALC to call.",
        "The address is long and random, and has its own secret. Knowing the address is not enough to write to a "
        "record.",
    ),
    Step(
        "Installation 7", "The app", "log_in",
        "Event Handler registers the new webhook with Acme Lead Checker.",
        "The app tells ALC the address, the event and the secret. It keeps ALC's id of the webhook for the removal.",
        "If ALC's answer is lost, the app finds the webhook by its name. No webhook is left without an owner.",
    ),
    Step(
        "Usage 1", "The app", "view",
        "App provides a record action, which manifests itself as a button on the People record page and in the CMD-K "
        "quick action palette.",
        "The manifest, alc_app/app.py, names every entry point of the app.",
        "A record action can show messages, query GraphQL and call server functions. It cannot reach the network.",
    ),
    Step(
        "Usage 2", "You", "view",
        "User views the record page.",
        "Open a person. The button is at the top right.",
        "Opening a record changes nothing, here or at ALC.",
    ),
    Step(
        "Usage 3", "You", "click",
        "User clicks button.",
        "Press Send to ALC, or Ctrl K and Enter.",
        "Press it twice if you like. Both clicks join one send, so the person gets one chat.",
    ),
    Step(
        "Usage 4", "Attio", "click",
        "Attio's UI fires the onTrigger() function provided by the record action.",
        "Here it is on_trigger(), a coroutine. Each of its effects reaches your browser at once.",
        "The click carries a CSRF token, so no other site can press the button for you.",
    ),
    Step(
        "Usage 5", "The app", "click",
        "Record Action notifies the user that async things are happening with showToast().",
        "The first toast shows before any work begins.",
        "It stays until the work has ended. The tutorial's toast leaves after four seconds.",
    ),
    Step(
        "Usage 6", "The app", "click",
        "Record Action loads the phone number of the person whose record page we are on asynchronously via GraphQL "
        "using runQuery(). If no phone numbers are found, the user is notified via an alert(). Otherwise...",
        "The .graphql file is the tutorial's, word for word.",
        "If the query fails, you see an alert. The tutorial shows nothing.",
    ),
    Step(
        "Usage 7", "The app", "click",
        "Record Action calls a server function called sendToALC().",
        "send_to_alc() runs on the worker, a separate process, as TypeScript server functions run on Attio's servers.",
        "The app writes down that it will send before it sends. Each person can have one open send.",
    ),
    Step(
        "Usage 8", "The app", "click",
        "Server function uses fetch() to send a POST request to api.acmeleadchecker.ai.",
        "The app sends the name and the first phone number to ALC, with the connection's token.",
        "The request carries an idempotency key. If the answer is lost, the app asks ALC for that key before it "
        "tries again.",
    ),
    Step(
        "Usage 9", "The app", "click",
        "Server function calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Pending”.",
        "The tutorial says so, but its code writes only the lead's id. Here the record says Pending.",
        "If Attio is down, the app writes later. A late Pending never replaces a Complete.",
    ),
    Step(
        "Usage 10", "The app", "click",
        "Server function returns success.",
        "The return value crosses two processes as JSON.",
        "If the worker dies before it returns, another worker resumes the run.",
    ),
    Step(
        "Usage 11", "The app", "click",
        "Record Action hides first toast with hideToast().",
        "The toast of step 12 leaves.",
        "However the action ends, it hides its toast.",
    ),
    Step(
        "Usage 12", "The app", "click",
        "Record Action notifies the user that the process was successful with showToast().",
        "“Successfully sent to ALC!” means that ALC has accepted the lead.",
        "If the record is not written yet, the toast says so.",
    ),
    Step(
        "Later 10", "ALC", "wait",
        "Acme Lead Checker's server calls a webhook provided by the app.",
        "ALC's agent chats with the person for a few seconds. You can close the page: it works without you.",
        "The app checks the signature over the exact bytes, and stores the delivery before it answers 200. No result "
        "is lost.",
    ),
    Step(
        "Later 11", "The app", "wait",
        "Webhook Handler calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Complete”.",
        "The record changes in every open tab, without a reload.",
        "A delivery that arrives twice counts once. A record never goes back from Complete to Pending.",
    ),
    Step(
        "Removal 1", "The app", "disconnect",
        "Load all our app's webhook handlers (there should only be one).",
        "Disconnect on the app's page. connection_removed() lists its webhook handlers first.",
        "People and their statuses stay as they are. You can connect again at any time.",
    ),
    Step(
        "Removal 2", "The app", "disconnect",
        "For each handler, tell ALC to stop calling it.",
        "The app asks ALC to delete the webhook of step 7.",
        "If ALC is down, the connection ends anyway, and the app deletes the webhook later. The tutorial leaves it.",
    ),
    Step(
        "Removal 3", "The app", "disconnect",
        "Delete the webhook from Attio.",
        "The handler is gone, and its address answers 410.",
        "The app revokes and erases the token. Doctor finds nothing left over.",
    ),
)  # fmt: skip
TO_DO: Final[dict[UserAction, str]] = {
    "connect": "Press Connect.",
    "log_in": "Sign in at ALC and press Allow.",
    "view": "Open a person.",
    "click": "Press Send to ALC, at the top right of a person's page.",
    "wait": "Wait a few seconds. ALC's agent is chatting.",
    "disconnect": "Press Disconnect on the page of Acme Lead Checker.",
}
"""What the strip of other pages asks for."""
BY_ID: Final = {step.id: step for step in STEPS}
NUMBERS: Final = {step.id: number for number, step in enumerate(STEPS, 1)}
"""Each step's number, from 1 to 24."""
BY_SLUG: Final = {step.slug: step for step in STEPS}
