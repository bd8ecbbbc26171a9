"""Attio in virtual time: its people with their history, what users do to them, and our webhook there.

Its events and signatures are made by the stand-in's own code (alc_app/mock_attio), so that they have the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alc_app.attio.http import FetchResponse
from alc_app.mock_attio.store.events import Actor, Event, EventType, matches
from alc_app.mock_attio.store.webhook_payload import sign
from tests.support.fakes.clock import Clock, Numbers
from tests.support.fakes.messages import Message, Request
from tests.support.fakes.runtime import answer

WORKSPACE_ID, PEOPLE_ID, STATUS_ID = (f"{digit * 8}-2222-4222-8222-222222222222" for digit in "123")
STATUS = "alc_status"
REQUESTED = "Requested"
USER = Actor("workspace-member", WORKSPACE_ID)
GONE = {"message": "Could not find the record."}
Values = Mapping[str, str | None]
Refusal = Literal["", "our key", "forbidden", "missing attribute"]


@dataclass(frozen=True)
class Change:
    """A change of our attributes on a record."""

    moment: int
    at: float
    by: Literal["app", "user", "merge"]
    values: Values


@dataclass
class Person:
    """A record. One that was merged or deleted is kept, but nobody sees it any more."""

    id: str
    name: str
    phone_numbers: list[str]
    email_addresses: list[str] = field(default_factory=list)
    values: dict[str, str | None] = field(default_factory=dict)
    """Our attributes: alc_status, alc_lead_id, alc_interest."""
    since: dict[str, str] = field(default_factory=dict)
    """When each got its value."""
    history: list[Change] = field(default_factory=list)
    is_deleted: bool = False
    merged_into: str | None = None

    @property
    def is_there(self) -> bool:
        """Does Attio have it?"""
        return not self.is_deleted and self.merged_into is None

    def as_json(self) -> dict[str, Any]:
        """The record as Attio shows it."""
        values: dict[str, Any] = {
            "name": [{"full_name": self.name}],
            "phone_numbers": [{"phone_number": number} for number in self.phone_numbers],
            "email_addresses": [{"email_address": address} for address in self.email_addresses],
        }
        for slug, value in self.values.items():
            shown = {"status": {"title": value}} if slug == STATUS else {"value": value}
            values[slug] = [{**shown, "active_from": self.since[slug]}] if value else []
        return {"id": {"record_id": self.id}, "values": values}


class Attio:
    """Attio. `people` holds every record that there ever was, by id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = Numbers()
        self.people: dict[str, Person] = {}
        self.refuses: Refusal = ""
        """What is wrong with our access: the key is refused, a scope is taken away, or our attributes."""
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, str] = {}
        """Of each webhook that there ever was."""
        self.messages: list[Message] = []
        self.merges: dict[str, list[Message]] = {}
        """By the id of a record that was merged: what tells us so; nothing if we had no webhook."""
        self.made_by_app: list[str] = []
        self.tasks: list[dict[str, Any]] = []

    def there(self) -> list[Person]:
        """The people whom Attio has now."""
        return [person for person in self.people.values() if person.is_there]

    def now_called(self, record_id: str) -> str:
        """The record that this one was merged into, or itself."""
        while merged_into := self.people[record_id].merged_into:
            record_id = merged_into
        return record_id

    def add(self, *, with_phone: bool = True) -> Person:
        """A user adds a person."""
        number = len(self.people) + 1
        phone_numbers = [f"+4420794600{number:02}"] if with_phone else []
        person = Person(f"{number:08}-1111-4111-8111-111111111111", f"Ada {number}", phone_numbers)
        self.people[person.id] = person
        self._announce("record.created", person.id)
        return person

    def rename(self, person: Person) -> None:
        """A user changes the name and the phone number. Nobody subscribes to that."""
        moment = self._clock.moment()
        person.name, person.phone_numbers = f"Ada {moment}", [f"+44207946{moment:06}"]

    def set_status(self, person: Person, status: str | None) -> None:
        """A user sets the status, perhaps to "Requested"."""
        if status != person.values.get(STATUS):
            self._change(person, {STATUS: status}, "user")
            self._announce("record.updated", person.id, attribute_id=STATUS_ID)

    def delete(self, person: Person) -> None:
        """A user deletes a person."""
        person.is_deleted = True
        self._announce("record.deleted", person.id)

    def merge(self, primary: Person, secondary: Person) -> Person:
        """A user merges two people: Attio makes a new record from both, and deletes them."""
        number = len(self.people) + 1
        phone_numbers = list(dict.fromkeys([*primary.phone_numbers, *secondary.phone_numbers]))
        addresses = list(dict.fromkeys([*primary.email_addresses, *secondary.email_addresses]))
        made = Person(f"{number:08}-1111-4111-8111-111111111111", primary.name, phone_numbers, addresses)
        self.people[made.id] = made
        filled = {slug: value for slug, value in primary.values.items() if value}
        self._change(made, {**secondary.values, **filled}, "merge")
        for one in (primary, secondary):
            one.merged_into = made.id
            duplicate = {"duplicate_object_id": PEOPLE_ID, "duplicate_record_id": one.id}
            self.merges[one.id] = self._announce("record.merged", made.id, **duplicate)
        return made

    def sign(self, message: Message) -> Request | None:
        """The message as it is sent now; None if its webhook is gone."""
        if message.webhook_id not in self.webhooks:
            return None
        signature = sign(self.secrets[message.webhook_id], message.body)
        headers = {"Attio-Signature": signature, "X-Attio-Signature": signature, "Idempotency-Key": message.id}
        return Request(self.webhooks[message.webhook_id]["target_url"], headers, message.body)

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> FetchResponse:
        """Answer one request."""
        if self.refuses == "our key":
            return answer(401)
        resource = path.removeprefix("/v2/")
        if resource.startswith("webhooks"):
            return self._answer_webhooks(method, resource.removeprefix("webhooks").strip("/"), body)
        if resource == "tasks":
            return self._answer_tasks(method, body)
        if resource.startswith("objects/people/records"):
            return self._answer_records(method, resource, body)
        return self._answer_schema(resource)

    def _answer_schema(self, resource: str) -> FetchResponse:
        if resource == "objects/people":
            return answer(200, {"data": {"id": {"object_id": PEOPLE_ID}}})
        if self.refuses == "missing attribute":
            return answer(404, GONE)
        return answer(200, {"data": {"id": {"attribute_id": STATUS_ID}}})

    def _answer_records(self, method: str, resource: str, body: Any) -> FetchResponse:
        if method == "PUT":
            return self._assert(body["data"]["values"])
        if resource.endswith("/query"):
            return answer(200, {"data": [person.as_json() for person in self._found(body["filter"])]})
        return self._answer_person(method, resource.rpartition("/")[2], body)

    def _answer_person(self, method: str, record_id: str, body: Any) -> FetchResponse:
        person = self.people.get(record_id)
        if person is None or not person.is_there:
            return answer(404, GONE)
        if method == "PATCH":
            if self.refuses:
                status = 403 if self.refuses == "forbidden" else 400
                return answer(status, {"message": f"Refused: {self.refuses}."})
            self._write(person, body["data"]["values"])
        return answer(200, {"data": person.as_json()})

    def _write(self, person: Person, values: Mapping[str, Any]) -> None:
        """Write what the app says: our attributes, or what ALC has learned of the person."""
        person.name = values.get("name", person.name)
        new = [address for address in values.get("email_addresses", ()) if address not in person.email_addresses]
        person.email_addresses = [*new, *person.email_addresses]
        if ours := {slug: value for slug, value in values.items() if slug.startswith("alc_")}:
            self._change(person, ours, "app")

    def _assert(self, values: Mapping[str, Any]) -> FetchResponse:
        """Update the person with this address, or make one."""
        address = values["email_addresses"][0]["email_address"]
        person = next((each for each in self.there() if address in each.email_addresses), None)
        if person is None:
            person = self.add(with_phone=False)
            person.email_addresses = [address]
            self.made_by_app.append(person.id)
        person.name = values["name"]["full_name"]
        return answer(200, {"data": person.as_json()})

    def _change(self, person: Person, values: Values, by: Literal["app", "user", "merge"]) -> None:
        for slug, value in values.items():
            if value != person.values.get(slug):
                person.since[slug] = self._clock.stamp()
        person.values |= values
        person.history.append(Change(self._clock.moment(), self._clock.now, by, dict(values)))

    def _found(self, wanted: Mapping[str, Any]) -> list[Person]:
        """The people that a filter of ours finds: by their ids, or by their status."""
        ids = wanted["record_id"]["$in"] if "record_id" in wanted else list(self.people)
        status = wanted.get(STATUS)
        return [p for p in self.there() if p.id in ids and status in (None, p.values.get(STATUS))]

    def _answer_webhooks(self, method: str, webhook_id: str, body: Any) -> FetchResponse:
        if method == "POST":
            return self._register(body["data"])
        if method == "GET":
            return answer(200, {"data": list(self.webhooks.values())})
        if webhook_id not in self.webhooks:
            return answer(404, GONE)
        if method == "DELETE":
            del self.webhooks[webhook_id]
            return answer(200, {})
        self.webhooks[webhook_id] |= body["data"]
        return answer(200, {"data": self.webhooks[webhook_id]})

    def _register(self, data: Mapping[str, Any]) -> FetchResponse:
        if any(one["target_url"] == data["target_url"] for one in self.webhooks.values()):
            return answer(409, {"message": "There is one."})
        webhook_id = f"sub_{next(self._numbers)}"
        self.webhooks[webhook_id] = {**data, "id": {"webhook_id": webhook_id}, "status": "active"}
        self.secrets[webhook_id] = f"secret of {webhook_id}"
        return answer(200, {"data": {**self.webhooks[webhook_id], "secret": self.secrets[webhook_id]}})

    def _answer_tasks(self, method: str, body: Any) -> FetchResponse:
        if method == "POST":
            task = {"id": {"task_id": f"task_{next(self._numbers)}"}, "content_plaintext": body["data"]["content"]}
            self.tasks.append({**body["data"], **task})
        return answer(200, {"data": self.tasks[-1] if method == "POST" else self.tasks})

    def _announce(self, event_type: EventType, record_id: str, **more: str) -> list[Message]:
        """Tell each webhook that subscribes to it. What we have written ourselves is told too, and is left out here."""
        ids = {"object_id": PEOPLE_ID, "record_id": record_id}
        ids |= {name: value for name, value in more.items() if name == "attribute_id"}
        extra = {name: value for name, value in more.items() if name != "attribute_id"}
        event = Event(event_type, USER, ids, extra).to_json(WORKSPACE_ID)
        told = []
        for webhook_id, webhook in self.webhooks.items():
            if any(
                one["event_type"] == event_type and matches(event, one["filter"]) for one in webhook["subscriptions"]
            ):
                body = json.dumps({"webhook_id": webhook_id, "events": [event]}).encode()
                told.append(Message(webhook_id, f"attio_{next(self._numbers)}", body))
        self.messages += told
        return told
