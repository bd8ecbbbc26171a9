"""The secrets of a handler: a new one is stored before ALC is told, and the previous one is good until ALC says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.fernet import Fernet

from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import CannotUnseal, Sealer
from alc_app.runtime.storage.tables import WebhookHandlerRow
from alc_app.runtime.stores.webhook_handlers import WebhookHandlers
from tests.unit.runtime.conftest import START, Clock

DAY = 86_400.0


class RecordingSealer(Sealer):
    """Remembers what it has sealed."""

    def __init__(self) -> None:
        super().__init__([Fernet.generate_key().decode()])
        self.made: list[str] = []

    def seal(self, place: str, secret: str) -> str:
        self.made.append(secret)
        return super().seal(place, secret)


class Handler:
    """One handler that ALC calls, in a store whose clock stands."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.sealer = RecordingSealer()
        self.store = WebhookHandlers(database, self.sealer, "https://app.test", clock)
        self.id = self.store.create("connection", "lead_processed")
        self.store.set_external_id(self.id, "wh_1")

    @property
    def row(self) -> WebhookHandlerRow:
        row = self.store.row(self.id)
        assert row
        return row

    def secrets(self) -> list[str]:
        """Return the secrets that are accepted now."""
        return self.store.secrets(self.row)


@pytest.fixture
def handler(database: Database, clock: Clock) -> Handler:
    """A registered handler, on SQLite and on Postgres."""
    return Handler(database, clock)


def test_the_new_secret_is_stored_beside_the_previous_one(handler: Handler) -> None:
    """R5, R19: before ALC is told, both are good, and a registration uses the new one."""
    [first] = handler.secrets()
    assert handler.store.rotate_secret(handler.id)

    new, previous = handler.secrets()
    assert previous == first != new
    assert handler.store.get(handler.id).secret == new
    assert handler.store.get(handler.id).is_rotating


def test_the_previous_secret_is_good_until_alc_says(handler: Handler, clock: Clock) -> None:
    """R5: without an end until ALC has answered, then until its date and not a moment longer."""
    handler.store.rotate_secret(handler.id)
    clock.time += 400 * DAY
    new, previous = handler.secrets()

    handler.store.end_rotation(handler.id, clock.time + DAY)
    clock.time += DAY - 1
    assert handler.secrets() == [new, previous]
    clock.time += 1
    assert handler.secrets() == [new]


def test_an_end_that_alc_does_not_say_is_none(handler: Handler, clock: Clock) -> None:
    """R5: a service that does not say when it stops may use the previous secret for ever."""
    handler.store.rotate_secret(handler.id)
    handler.store.end_rotation(handler.id, None)
    clock.time += 400 * DAY

    assert len(handler.secrets()) == 2
    assert not handler.store.get(handler.id).is_rotating


def test_a_rotation_under_way_goes_on_with_its_secret(handler: Handler, clock: Clock) -> None:
    """R5: ALC signs with the previous one until it is told, so a second press must not drop that."""
    handler.store.rotate_secret(handler.id)
    both = handler.secrets()
    handler.store.retry_rotation(handler.id, "ALC cannot be reached.")
    assert handler.row.rotate_at == START + 5

    assert handler.store.rotate_secret(handler.id)
    assert handler.secrets() == both
    assert handler.row.rotate_at == START


def test_there_are_two_secrets_at_most(handler: Handler) -> None:
    """R5: a rotation within the overlap of the last keeps the one that ALC signs with, and drops the oldest."""
    handler.store.rotate_secret(handler.id)
    handler.store.end_rotation(handler.id, START + DAY)
    second, _ = handler.secrets()

    handler.store.rotate_secret(handler.id)
    third, previous = handler.secrets()
    assert previous == second != third


def test_of_two_at_once_one_secret_is_made(handler: Handler) -> None:
    """R5: presses at the same moment, in several processes. ALC may be told the secret of the first at once."""
    [first] = handler.secrets()
    handler.sealer.made.clear()
    together = Barrier(8)

    def press(_: int) -> bool:
        together.wait()
        return handler.store.rotate_secret(handler.id)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(press, range(8)))

    assert handler.sealer.made == [first, handler.secrets()[0]]


def test_each_secret_is_sealed_for_its_own_place(handler: Handler) -> None:
    """O17: neither is readable, and the one cannot be put in the other's place."""
    handler.store.rotate_secret(handler.id)
    row = handler.row

    assert not set(handler.secrets()) & {row.secret, row.previous_secret}
    with pytest.raises(CannotUnseal, match="another place"):
        handler.sealer.unseal(f"webhook_handler/{row.id}/secret", row.previous_secret)


def lose_the_key(handler: Handler) -> None:
    """Let the store have another key, as after a start without the old one."""
    handler.store._sealer = sealer = Sealer([Fernet.generate_key().decode()])
    handler.store._unseal = sealer.unseal  # what was unsealed is forgotten by then


def test_a_secret_that_no_key_opens_is_replaced_all_the_same(handler: Handler) -> None:
    """O19: nothing could be verified with it; a rotation is no 500, and mends it."""
    lose_the_key(handler)
    assert handler.store.undecryptable() == [handler.id]

    assert handler.store.rotate_secret(handler.id)
    assert len(handler.secrets()) == 1
    assert not handler.store.undecryptable()


def test_a_previous_secret_that_no_key_opens_is_named(handler: Handler) -> None:
    """O19: the doctor names the handler once, whichever of its secrets it is."""
    handler.store.rotate_secret(handler.id)
    lose_the_key(handler)

    assert handler.store.undecryptable() == [handler.id]


def test_a_connections_handlers_are_rotated_where_alc_signs_with_a_secret_of_ours(handler: Handler) -> None:
    """R5: a connector's and a workflow's too; not Attio's, one that is not registered, or one that is gone."""
    connected = handler.store.create("connection", "prospect_updated", connector="alc")
    trigger = handler.store.create("connection", "workflow:follow-up")
    attio = handler.store.create("connection", "record_events", signed_by="attio")
    other = handler.store.create("another", "lead_processed")
    for handler_id in (connected, trigger, attio, other):
        handler.store.set_external_id(handler_id, "known")
    handler.store.create("connection", "lead_processed")

    assert handler.store.rotate_secrets("connection") == sorted([handler.id, connected, trigger])
    handler.store.tombstone("connection")
    assert not handler.store.rotate_secrets("connection")
    assert not handler.store.rotate_secret("never-was")


def test_alc_is_told_while_there_is_an_active_connection(services: Services, connect: Callable[..., str]) -> None:
    """I6: a rotation is due at once, and again after a while; without a token there is nothing to tell it with."""
    store, connection_id = services.webhook_handlers, connect()
    handler_id = store.create(connection_id, "lead_processed")
    store.set_external_id(handler_id, "wh_1")
    assert not store.due_rotations()

    store.rotate_secrets(connection_id)
    assert store.due_rotations() == [handler_id]
    services.connections.mark_needs_reconnect(connection_id, "why")
    assert not store.due_rotations()


def test_a_handler_that_goes_is_told_no_more(services: Services, connect: Callable[..., str]) -> None:
    """I6: a disconnect ends the rotation with the handler."""
    store, connection_id = services.webhook_handlers, connect()
    handler_id = store.create(connection_id, "lead_processed")
    store.set_external_id(handler_id, "wh_1")
    store.rotate_secret(handler_id)

    store.tombstone(connection_id)
    assert not store.due_rotations()
