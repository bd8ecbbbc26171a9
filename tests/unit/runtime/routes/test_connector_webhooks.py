"""Seed 003's sample flow: a handshake, events with the service's own signature, a state that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from alc_app.app import app as manifest
from alc_app.attio import Connection, Response
from alc_app.attio.host.connector import Connector, ConnectorResponse, Handled
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.routes.webhooks import Intake
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.web.limits import REFUSED_DELIVERIES
from tests.support.seed_003 import SECRET, SeedService, seed_connector


class Install:
    """An installation with seed 003's connector, and its service."""

    def __init__(self, make_services: Callable[..., Services], **changes: Any) -> None:
        self.service, self.missed = SeedService(), 0
        connector = replace(seed_connector(self.service, **changes), missed=self._note)
        self.services = make_services(replace(manifest, connectors={"seed": connector}, webhooks={"changed": _takes}))
        app = Flask(__name__)
        app.wsgi_app = Intake(self.services, app.wsgi_app, REFUSED_DELIVERIES)
        self.client: FlaskClient = app.test_client()
        tokens = Tokens("old-access", "old-refresh", self.services.now() + 3600, "leads:write")
        self.connection_id = self.services.connections.add(WORKSPACE, tokens)
        create = self.services.subscriptions.create_handler
        self.handler_id = create(self.connection_id, "changed", "standard_webhooks", "seed", {"path": "/subscriptions"})
        self.service.parameters["webhookSecret"] = self.secret

    def _note(self) -> None:
        self.missed += 1

    @property
    def secret(self) -> str:
        return self.services.webhook_handlers.get(self.handler_id).secret

    @property
    def path(self) -> str:
        return f"/hooks/{self.handler_id}"

    def save(self) -> None:
        """The connection is saved."""
        self.services.connections.activate(self.connection_id)

    def keep(self) -> None:
        """Do what the worker does when the row is due."""
        self.services.subscriptions.refresh_soon(self.handler_id)
        self.services.subscriptions.subscribe_or_refresh(self.handler_id, lambda each: Connection(each, "token"))

    def tell(self, data: Any, secret: str | None = None) -> TestResponse:
        """The service tells of something, signed as it signs."""
        import hmac
        import json

        raw = json.dumps(data)
        signature = hmac.new((secret or self.secret).encode(), raw.encode(), "sha256").hexdigest()
        headers = {"x-webhook-signature": signature, "Content-Type": "application/json"}
        return self.client.post(self.path, data=raw, headers=headers)

    def stored(self) -> list[bytes]:
        """The events that wait for a run."""
        return [self.services.inbox.get(*row[:2]).body for row in self.services.inbox.due(64, "")]


def _takes(req: object) -> Response:
    from alc_app.attio.host.context import current

    current().step("take", lambda: None)
    return Response(None, status=200)


CREATED = {"type": "created", "record": {"id": "1", "name": "Ada"}}


@pytest.fixture
def install(make_services: Callable[..., Services]) -> Install:
    """Nothing has been subscribed yet."""
    return Install(make_services)


def test_seed_003_a_handshake_is_answered_while_registration_is_still_open(install: Install) -> None:
    """`response`: the service calls the address from within `subscribe`, before we know of any subscription."""
    answers: list[TestResponse] = []
    install.service.challenge = lambda _uri: answers.append(install.client.get(f"{install.path}?challenge=c-1"))
    install.save()

    install.keep()

    assert [(answer.status_code, answer.text, answer.mimetype) for answer in answers] == [(200, "c-1", "text/plain")]
    assert not install.stored()


def test_seed_003_an_event_is_stored_before_it_is_answered(install: Install) -> None:
    """`handle`: verified by its own signature over `rawBody`; the same bytes twice are one delivery (R14)."""
    install.save()
    install.keep()

    assert [install.tell(CREATED).status_code, install.tell(CREATED).status_code] == [200, 200]
    assert install.stored() == [b'{"id": "1", "name": "Ada"}']
    assert install.tell(CREATED, secret=SECRET).status_code == 401


def test_a_connector_that_verifies_itself_is_given_each_live_secret(install: Install) -> None:
    """R5: its `handle` is asked with the new one and with the previous one, until that ends."""
    install.save()
    install.keep()
    handlers, previous = install.services.webhook_handlers, install.secret
    handlers.set_external_id(install.handler_id, "wh_1")
    handlers.rotate_secret(install.handler_id)

    def answers() -> list[int]:
        return [install.tell(CREATED, secret).status_code for secret in (install.secret, previous, SECRET)]

    assert answers() == [200, 200, 401]
    handlers.end_rotation(install.handler_id, install.services.now() - 1)
    assert answers() == [200, 401, 401]


def test_events_wait_until_the_subscription_is_known(install: Install) -> None:
    """`state` is what `subscribe` has returned: until then, and until the connection is saved, 503."""
    assert install.tell(CREATED).status_code == 503
    install.save()
    assert install.tell(CREATED).status_code == 503
    install.keep()
    assert install.tell(CREATED).status_code == 200


def test_a_new_state_is_kept_sealed(install: Install) -> None:
    """`state` in the result of `handle`: it is handed to the next call; O17: no secret lies open."""
    install.save()
    install.keep()
    install.tell({**CREATED, "count": True})

    row = install.services.subscriptions.row(install.handler_id)
    assert row is not None
    assert install.services.subscriptions.state(row)["seen"] == 1
    with install.services.database.reading() as session:
        kept = session.connection().execute(text("select state from connector_subscription")).scalar_one()
    assert "seen" not in kept


def test_a_subscription_that_was_lost_is_made_again_and_the_app_is_told(install: Install) -> None:
    """A missed refresh: `refresh` says lost, `subscribe` follows, and what was missed is looked for."""
    install.save()
    install.keep()
    install.service.lose()

    install.keep()

    assert len(install.service.known) == 1
    assert install.missed == 1


def test_it_is_due_again_before_its_end(install: Install) -> None:
    """`nextRefreshTimestamp`: nothing is asked for before, and nothing after the address is gone."""
    assert not install.services.subscriptions.due()  # the connection has not been saved
    install.save()
    assert install.services.subscriptions.due() == [install.handler_id]
    install.keep()
    row = install.services.subscriptions.row(install.handler_id)
    assert row is not None
    assert row.due_at == install.service.now() + 86_400
    install.services.webhook_handlers.tombstone(install.connection_id)
    assert not install.services.subscriptions.due()


def test_events_that_are_not_signed_as_the_connector_says_are_refused(make_services: Callable[..., Services]) -> None:
    """A connector that leaves verifying to the runtime cannot forget it: its events count only if it was done."""
    install = Install(make_services, signed_by="standard_webhooks")
    install.save()
    install.keep()

    assert install.tell(CREATED).status_code == 401
    assert not install.stored()


def test_a_global_webhook_is_open_without_a_subscription(make_services: Callable[..., Services]) -> None:
    """The variant: its address is entered at the service by hand; nothing is subscribed, refreshed or ended."""
    install = Install(make_services, subscribe=None, unsubscribe=None, refresh=None)
    install.save()
    install.keep()

    assert install.tell(CREATED).status_code == 200
    row = install.services.subscriptions.row(install.handler_id)
    assert row is not None
    assert row.due_at is None
    assert not install.service.known


@pytest.mark.parametrize(("body", "status"), [(b"\xff", 400), (b"{", 400)])
def test_what_cannot_be_read_is_a_bad_request(install: Install, body: bytes, status: int) -> None:
    """R8, R9: as at every other address."""
    install.save()
    install.keep()

    answer = install.client.post(install.path, data=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status


FORM = "application/x-www-form-urlencoded"


def test_seed_003_a_form_reaches_the_connector_as_its_fields(make_services: Callable[..., Services]) -> None:
    """`data` is the form's fields; `rawBody` is what was sent."""
    seen: list[tuple[Any, str]] = []

    def handle(*, data: Any, raw_body: str, **_: Any) -> Handled:
        seen.append((data, raw_body))
        return Handled(response=ConnectorResponse(data=data["challenge"]))

    install = Install(make_services, handle=handle)
    body = "challenge=a%26b+c&type=hello&empty=&type=again"

    answer = install.client.post(install.path, data=body, content_type=FORM)

    assert (answer.status_code, answer.text) == (200, "a&b c")
    assert seen == [({"challenge": "a&b c", "type": "hello", "empty": ""}, body)]


@pytest.mark.parametrize(
    "body", [b"a=%ff", b"\xff", b"&".join(b"a%d=" % number for number in range(1001))], ids=("escape", "byte", "fields")
)
def test_a_form_that_cannot_be_read_is_a_bad_request(install: Install, body: bytes) -> None:
    """R8, R9: as JSON is."""
    assert install.client.post(install.path, data=body, content_type=FORM).status_code == 400


def test_only_a_connector_answers_to_get(install: Install, services: Services) -> None:
    """405 for other handlers, 404 for unknown ones."""
    plain = install.services.webhook_handlers.create(install.connection_id, "changed")

    assert install.client.get(f"/hooks/{plain}").status_code == 405
    assert install.client.get("/hooks/nobody").status_code == 404


def test_a_misspelt_connector_says_which_there_are(install: Install) -> None:
    """As every name of the manifest."""
    with pytest.raises(LookupError, match="seed"):
        install.services.manifest.connector("sede")
    assert isinstance(install.services.manifest.connector("seed"), Connector)
