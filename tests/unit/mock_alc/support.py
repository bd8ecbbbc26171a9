"""What the tests of the mock share: a mock with a movable clock, a person with a browser, a receiver."""

import base64
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from mock_alc import create_app
from mock_alc.config import Config
from mock_alc.services import Services
from tests.support.waiting import PATIENCE, eventually

ISSUER = "http://127.0.0.1:8001"
REDIRECT = "http://127.0.0.1:8000/connections/alc/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LEAD = {"recordId": "rec-1", "name": "Ada Lovelace", "phoneNumber": "+442071838750"}


class MovableClock:
    """Begins at the real time and moves only when told to."""

    def __init__(self) -> None:
        self.instant = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.instant += timedelta(seconds=seconds)


class Alc:
    """A mock in this process whose background work runs only when a test says so."""

    def __init__(self, **settings: Any) -> None:
        defaults: dict[str, Any] = {"database_url": "sqlite://", "control": True}
        self.clock = MovableClock()
        self.config = Config(**defaults | settings)
        self.app = create_app(self.config, self.clock)
        self.http = self.browser()

    @property
    def services(self) -> Services:
        """The insides, for what cannot be seen from outside."""
        found: Services = self.app.extensions["mock_alc"]
        return found

    def renew(self) -> None:
        """Become as new, for the next test."""
        self.services.reset()
        self.clock.instant = datetime.now(UTC)
        self.http = self.browser()

    def browser(self) -> FlaskClient:
        """Open another browser, or another program, with cookies of its own."""
        return self.app.test_client()

    def work(self) -> None:
        """Let the agent and the sender do what is due now."""
        self.services.worker.run_due()
        self.services.sender.wait(5)

    def auth(self, **wanted: str) -> dict[str, str]:
        """Get an access token and return it as a header."""
        token = self.http.post("/_mock/tokens", json=wanted).get_json()["access_token"]
        return {"Authorization": f"Bearer {token}"}

    def client(self, **wanted: Any) -> dict[str, Any]:
        """Register an OAuth client and return its credentials."""
        made: dict[str, Any] = self.http.post("/_mock/clients", json={"redirect_uris": [REDIRECT], **wanted}).get_json()
        return made

    def send_lead(self, auth: Mapping[str, str], **changes: str) -> Any:
        """Hand over a lead and return the answer's body."""
        return self.http.post("/api/v1/leads", json=LEAD | changes, headers=auth).get_json()

    def hook(self, auth: Mapping[str, str], url: str, **changes: Any) -> Any:
        """Register a webhook and return the answer's body."""
        body = {"name": "handler-1", "url": url, "event": "lead.processed"} | changes
        return self.http.post("/api/v1/webhooks", json=body, headers=auth).get_json()

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries as the control API returns them."""
        found: list[dict[str, Any]] = self.http.get("/_mock/deliveries").get_json()["deliveries"]
        return found

    def close(self) -> None:
        """Give everything back."""
        self.services.close()


def authorize_url(client_id: str, **changes: str | None) -> str:
    """Build an authorize address; a change to None leaves the parameter out."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT,
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    given = {name: value for name, value in {**parameters, **changes}.items() if value is not None}
    return f"/oauth/authorize?{urlencode(given)}"


def hidden_fields(page: TestResponse) -> dict[str, str]:
    """Read the hidden inputs of the last form on a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    return dict(found)


@dataclass
class Person:
    """Someone with a browser who knows what the login page says."""

    browser: FlaskClient
    password: str = "let-me-in"

    def sign_in(self, url: str = "/login") -> TestResponse:
        """Fill in the login form that `url` shows."""
        form = hidden_fields(self.browser.get(url))
        form |= {"email": "demo@acmeleadchecker.test", "password": self.password}
        return self.browser.post(url, data=form)

    def decide(self, url: str, decision: str = "allow") -> TestResponse:
        """Sign in if asked to, and answer the consent page."""
        if 'name="password"' in self.browser.get(url).text:
            self.sign_in(url)
        return self.browser.post(url, data=hidden_fields(self.browser.get(url)) | {"decision": decision})

    def code(self, url: str) -> str:
        """Allow, and return the code."""
        return returned(self.decide(url))["code"]


def returned(response: TestResponse) -> dict[str, str]:
    """Read the parameters that a redirect carries back."""
    assert response.status_code == 303, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def basic(client: Mapping[str, Any]) -> dict[str, str]:
    """Return a Basic header for a client's credentials."""
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def s256(verifier: str) -> str:
    """Return the challenge for a verifier, computed without the server's help."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Received:
    """One delivery as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    def signed_by(self, secret: str) -> bool:
        """Tell, by an independent implementation, whether one of the signatures is of this secret."""
        sent_at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        expected = Webhook(secret).sign(self.headers["webhook-id"], sent_at, self.body.decode())
        return expected in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """A webhook endpoint on loopback that answers as scripted: a status, with headers and a body if need be."""

    received: list[Received] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
                status, extra, answer = receiver.next_answer(self.path)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(answer))} | extra).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, path: str = "/hook") -> str:
        """Return the address of a path here."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def answer(
        self, *statuses: int, path: str = "/hook", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Script the next answers; the last one stays."""
        self.answers[path] = [(status, headers or {}, body) for status in statuses]

    def next_answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return the answer for one request."""
        script = self.answers.get(path, [(200, {}, b"")])
        return script.pop(0) if len(script) > 1 else script[0]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def person_sends(url: str, hook_url: str) -> Iterator[None]:
    """Meanwhile, an app registers its webhook, and sends a lead as soon as a scenario waits for it."""
    tokens = requests.post(f"{url}/_mock/tokens", timeout=PATIENCE).json()
    auth = {"Authorization": f"Bearer {tokens['access_token']}"}
    hook = {"name": "handler-1", "url": hook_url, "event": "lead.processed"}
    requests.post(f"{url}/api/v1/webhooks", json=hook, headers=auth, timeout=PATIENCE)

    def send() -> None:
        eventually(lambda: requests.get(f"{url}/_mock/scenarios", timeout=PATIENCE).json()["runs"])
        requests.post(f"{url}/api/v1/leads", json=LEAD, headers=auth, timeout=PATIENCE)

    sending = threading.Thread(target=send)
    sending.start()
    yield
    sending.join()
