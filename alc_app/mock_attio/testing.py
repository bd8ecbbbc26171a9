"""Attio in a test: make records, set faults, and check what Attio received and delivered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from alc_app.mock_attio.api.auth import OWN_REQUEST
from alc_app.mock_attio.server import MockAttioServer
from mock_alc.double import matching
from mock_alc.double.driver import Driver, Json, Refused

__all__ = ["Attio", "Refused"]
__tracebackhide__ = matching.__tracebackhide__


class Attio(Driver):
    """One stand-in.

    What a test does with these methods is done as a member of the workspace: it is not in `requests()`, has no faults
    and counts for no rate limit. The webhooks for a change have been called when the method returns.
    """

    name = "Attio"

    def __init__(self, server: MockAttioServer) -> None:
        """Wrap a server whose control API is open."""
        super().__init__(server.app, server.url)

    def token(self, scope: str | None = None) -> str:
        """Return a new access token with these scopes, separated by spaces; by default with all of them."""
        return str(self.control("POST", "tokens", {} if scope is None else {"scope": scope})["token"])

    def revoke_tokens(self) -> None:
        """Revoke every token that `token` has returned."""
        self.control("DELETE", "tokens")

    def seed(self, people: int = 0) -> None:
        """Add the demo's people and companies, unless they are there, and made-up people; no webhook is called."""
        self.control("POST", "seed", {"people": people})

    def person(
        self, name: str = "Ada Lovelace", email: str | None = None, phone: str | None = None, **values: Any
    ) -> Json:
        """Create a person and return the record; `values` are further attributes, by their slugs."""
        first, _, last = name.rpartition(" ")
        named = {"first_name": first, "last_name": last, "full_name": name}
        contact = {"email_addresses": email, "phone_numbers": phone}
        given = {slug: [value] for slug, value in contact.items() if value}
        return self.create_record("people", {"name": [named], **given, **values})

    def company(self, name: str = "Analytical Works", domain: str | None = None, **values: Any) -> Json:
        """Create a company and return the record; `values` are further attributes, by their slugs."""
        return self.create_record("companies", {"name": name, **({"domains": [domain]} if domain else {}), **values})

    def create_record(self, object: str, values: Mapping[str, Any]) -> Json:
        """Create a record of an object, such as `people`, and return it."""
        return self._write("POST", f"objects/{object}/records", values)

    def update_record(self, record: Json, values: Mapping[str, Any]) -> Json:
        """Change values of a record and return it."""
        return self._write("PATCH", _path(record), values)

    def delete_record(self, record: Json) -> None:
        """Delete a record."""
        with self._delivering():
            self._api("DELETE", _path(record))

    def record(self, record: Json) -> Json:
        """Return a record as it is now."""
        return dict(self._api("GET", _path(record))["data"])

    def records(self, object: str = "people", filter: Mapping[str, Any] | None = None) -> list[Json]:
        """Return the records of an object that match one of Attio's filters; 500 at most, by default any."""
        return list(self._api("POST", f"objects/{object}/records/query", {"filter": dict(filter or {})})["data"])

    def register_webhook(self, url: str, *event_types: str, filter: Mapping[str, Any] | None = None) -> Json:
        """Create a webhook for events such as `record.created`; returns it with its `secret`."""
        subscriptions = [{"event_type": one, "filter": filter} for one in event_types]
        body = {"data": {"target_url": url, "subscriptions": subscriptions}}
        return dict(self._api("POST", "webhooks", body)["data"])

    def deliveries(self, event: str | None = None) -> list[Json]:
        """Return the messages to webhooks with their attempts, oldest first."""
        if event is not None:
            self._require_event(event)
        found = self.control("GET", "deliveries")["deliveries"]
        return [one for one in found if event in (None, one["event"])]

    def delivered(self, event: str, *, times: int | None = None, **ids: str) -> list[Json]:
        """Return the deliveries that were answered 2xx; if there is none, fail and show the others, or say why.

        `ids` are those of the event, such as `record_id`.
        """
        self._require_event(event)
        wanted = {"event": event, "state": "delivered", "ids": ids}
        return matching.require_matches("delivery", wanted, self.deliveries(), times, self._why_none)

    def resend(self, delivery: Json | str) -> None:
        """Send a delivery again, under the same `Idempotency-Key`."""
        with self._delivering():
            self.control("POST", f"deliveries/{delivery if isinstance(delivery, str) else delivery['id']}/resend")

    def reset(self) -> None:
        """Return to the state after a first start, and stop what `serve` started."""
        self.stop_serving()
        self.control("POST", "reset")

    def _why_none(self) -> str:
        """Return why nothing was delivered, as a sentence with a space before it."""
        if not self.control("GET", "state")["webhooks"]:
            return ' There is no webhook: create one with register_webhook(url, "record.created"), before the change.'
        return " There is a webhook, but none of its events has happened since."

    def _write(self, method: str, path: str, values: Mapping[str, Any]) -> Json:
        with self._delivering():
            return dict(self._api(method, path, {"data": {"values": dict(values)}})["data"])

    @contextmanager
    def _delivering(self) -> Iterator[None]:
        """Deliver what the block has announced, before it ends."""
        yield
        self.advance(0)

    def _api(self, method: str, path: str, body: Any = None) -> Json:
        return self._ask(method, f"/v2/{path}", body, {}, environ_overrides={OWN_REQUEST: True})

    def _reason(self, refusal: Any) -> str:
        """Return the sentences of an error of Attio's, or of the control API."""
        if not isinstance(refusal, dict) or "error" in refusal:
            return super()._reason(refusal)
        problems = refusal.get("validation_errors", [])
        places = [f"{'.'.join(map(str, one['path']))}: {one['message']}" for one in problems]
        return " ".join([str(refusal.get("message", "")), *places]).strip()


def _path(record: Json) -> str:
    return f"objects/{record['id']['object_id']}/records/{record['id']['record_id']}"
