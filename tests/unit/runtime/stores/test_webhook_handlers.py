"""Webhook handlers: URLs that cannot be guessed, their own secrets, tombstones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from alc_app.attio import AttioNoWorkspaceConnectionError
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.webhook_handlers import WebhookHandlers

CONNECTION = "connection-1"


def test_each_handler_has_an_address_and_a_secret_of_its_own(services: Services) -> None:
    """R18, R19: at least 128 random bits, stored before it is sent to anybody."""
    one = services.webhook_handlers.get(services.webhook_handlers.create(CONNECTION, "lead_processed"))
    two = services.webhook_handlers.get(services.webhook_handlers.create(CONNECTION, "prospect_updated"))

    assert len({one.id, two.id, one.secret, two.secret}) == 4
    assert len(one.id) >= 22
    assert one.url == f"{services.config.base_url}/hooks/{one.id}"
    assert one.secret.startswith("whsec_")


def test_a_connection_has_one_handler_for_each_file(services: Services) -> None:
    """I2: whoever makes it again, after a crash or because something is missing, gets the one that is there."""
    made = services.webhook_handlers.create(CONNECTION, "lead_processed")
    services.webhook_handlers.set_external_id(made, "wh_1")

    assert services.webhook_handlers.create(CONNECTION, "lead_processed") == made
    assert services.webhook_handlers.create("another connection", "lead_processed") != made
    services.webhook_handlers.delete(made)
    assert services.webhook_handlers.create(CONNECTION, "lead_processed") != made


def test_a_connection_that_is_being_removed_gets_no_handler(services: Services, connect: Callable[..., str]) -> None:
    """I2: the removal has listed the handlers already, and would leave this one at ALC."""
    connection_id = connect()
    with services.database.transaction() as session:
        session.get_one(ConnectionRow, connection_id).status = "removing"

    with pytest.raises(AttioNoWorkspaceConnectionError):
        services.webhook_handlers.create(connection_id, "lead_processed")


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_two_calls_at_once_make_one_handler(database: Database) -> None:
    """I2: the doctor and the worker may notice at the same time that it is missing."""
    handlers = WebhookHandlers(database, Sealer([Fernet.generate_key().decode()]), "https://app.test")
    with database.transaction() as session:
        session.add(ConnectionRow(id=CONNECTION, workspace_id="w", status="active", created_at=0))

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: handlers.create(CONNECTION, "lead_processed"), range(8)))

    assert len(set(made)) == 1
    assert len(handlers.of_connection(CONNECTION)) == 1


def test_no_secret_is_readable_in_the_database(services: Services) -> None:
    """O17: as bytes, journal included."""
    handler = services.webhook_handlers.get(services.webhook_handlers.create(CONNECTION, "lead_processed"))

    raw = b"".join(path.read_bytes() for path in services.config.home.glob("*.db*"))
    assert handler.secret.encode() not in raw


def test_what_alc_calls_it_is_kept(services: Services) -> None:
    """Installation 7: for the removal."""
    handler_id = services.webhook_handlers.create(CONNECTION, "lead_processed")
    services.webhook_handlers.set_external_id(handler_id, "wh_1")

    assert services.webhook_handlers.get(handler_id).external_webhook_id == "wh_1"


def test_an_entombed_handler_is_still_to_be_cleaned_up(services: Services) -> None:
    """C10: it answers 410 from now on, and ALC may still know it."""
    handler_id = services.webhook_handlers.create(CONNECTION, "lead_processed")
    other = services.webhook_handlers.create("connection-2", "lead_processed")
    services.webhook_handlers.tombstone(CONNECTION)

    row, untouched = services.webhook_handlers.row(handler_id), services.webhook_handlers.row(other)
    assert row
    assert row.gone_at
    assert [left.id for left in services.webhook_handlers.of_connection(CONNECTION)] == [handler_id]
    assert untouched
    assert untouched.gone_at is None


def test_a_deleted_handler_stays_as_a_tombstone(services: Services) -> None:
    """R18, C11: deleting twice keeps the first time."""
    handler_id = services.webhook_handlers.create(CONNECTION, "lead_processed")
    services.webhook_handlers.delete(handler_id)
    first = services.webhook_handlers.row(handler_id)
    services.webhook_handlers.delete(handler_id)

    assert first
    assert services.webhook_handlers.row(handler_id) == first
    assert not services.webhook_handlers.of_connection(CONNECTION)


def test_a_handler_that_never_was_is_a_lookup_error(services: Services) -> None:
    """R18: `row` says None, `get` raises."""
    assert services.webhook_handlers.row("never-was") is None
    with pytest.raises(LookupError, match="never-was"):
        services.webhook_handlers.get("never-was")
