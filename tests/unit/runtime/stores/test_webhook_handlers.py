"""Webhook handlers: addresses that cannot be guessed, secrets of their own, tombstones."""

from __future__ import annotations

import pytest

from alc_app.runtime.services import House

CONNECTION = "connection-1"


def test_each_handler_has_an_address_and_a_secret_of_its_own(house: House) -> None:
    """R18, R19: 128 random bits and more, stored before anybody is told."""
    one = house.handlers.get(house.handlers.create(CONNECTION, "lead_processed"))
    house.handlers.set_external_id(one.id, "wh_1")
    two = house.handlers.get(house.handlers.create(CONNECTION, "lead_processed"))

    assert len({one.id, two.id, one.secret, two.secret}) == 4
    assert len(one.id) >= 22
    assert one.url == f"{house.config.base_url}/hooks/{one.id}"
    assert one.secret.startswith("whsec_")


def test_a_handler_that_was_never_registered_is_taken_up_again(house: House) -> None:
    """I2: a crash after it was made, and the run makes it once more: there is one."""
    made = house.handlers.create(CONNECTION, "lead_processed")

    assert house.handlers.create(CONNECTION, "lead_processed") == made
    assert house.handlers.create("another connection", "lead_processed") != made


def test_no_secret_is_readable_in_the_database(house: House) -> None:
    """O17: as bytes, journal included."""
    handler = house.handlers.get(house.handlers.create(CONNECTION, "lead_processed"))

    raw = b"".join(path.read_bytes() for path in house.config.home.glob("*.db*"))
    assert handler.secret.encode() not in raw


def test_what_alc_calls_it_is_kept(house: House) -> None:
    """Installation 7: for the removal."""
    handler_id = house.handlers.create(CONNECTION, "lead_processed")
    house.handlers.set_external_id(handler_id, "wh_1")

    assert house.handlers.get(handler_id).external_webhook_id == "wh_1"


def test_an_entombed_handler_is_still_to_be_cleaned_up(house: House) -> None:
    """C10: it answers 410 from now on, and ALC may still know it."""
    handler_id = house.handlers.create(CONNECTION, "lead_processed")
    other = house.handlers.create("connection-2", "lead_processed")
    house.handlers.entomb(CONNECTION)

    row, untouched = house.handlers.row(handler_id), house.handlers.row(other)
    assert row
    assert row.gone_at
    assert [left.id for left in house.handlers.of(CONNECTION)] == [handler_id]
    assert untouched
    assert untouched.gone_at is None


def test_a_deleted_handler_stays_as_a_tombstone(house: House) -> None:
    """R18, C11: deleting twice keeps the first time."""
    handler_id = house.handlers.create(CONNECTION, "lead_processed")
    house.handlers.delete(handler_id)
    first = house.handlers.row(handler_id)
    house.handlers.delete(handler_id)

    assert first
    assert house.handlers.row(handler_id) == first
    assert not house.handlers.of(CONNECTION)


def test_a_handler_that_never_was_is_a_lookup_error(house: House) -> None:
    """R18: `row` says None, `get` raises."""
    assert house.handlers.row("never-was") is None
    with pytest.raises(LookupError, match="never-was"):
        house.handlers.get("never-was")
