"""What the Hypothesis machine reads in our own tables: what is due, what is stuck, what waits. All its SQL is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from tests.support.chaos.invariants import STUCK_ROWS, TOKENS_OF_REMOVED
from tests.support.chaos.world import World

DUE = """
    select due_at from lead where status = 'sending'
    union all select due_at from connection where due_at is not null
    union all select due_at from delivery where state in ('new', 'queued')
    union all select 0 from lead_wait, lead where lead.id = lead_id and not notified
        and status not in ('sending', 'pending')
    union all select run.due_at from workflow_run as run, workflow_step as step
        where run_id = run.id and step.number = run.number and run.state = 'running' and run.due_at is not null
        and (step.state = 'running' or run.due_at <= {now})
"""
SYNCED = "select due_at, record_id from record_sync where due_at is not null"
ROTATED = """
    select rotate_at, external_webhook_id from webhook_handler
        where rotate_at is not null and gone_at is null and deleted_at is null
"""
POLLED = "select due_at, alc_lead_id from lead where status = 'pending'"
CHECKED = """
    select due_at, why from record_subscription union all select due_at, why from connector_subscription
"""


class SendStep(NamedTuple):
    """A step "Send to ALC" of a workflow run that was begun."""

    run_id: str
    record_id: str
    waits: bool


def due(world: World, *, answered: set[str]) -> Iterator[float]:
    """The times at which something is due.

    Asking ALC about a lead counts if ALC has an answer to it: one of `answered`. Writing a record, or telling a new
    secret, counts if the other side has the record, or the webhook. A subscription that is healthy is checked for ever,
    and so counts only when the check is late.
    """
    there = {person.id for person in world.peers.attio.there()}
    yield from (at for (at,) in world.rows(DUE.format(now=world.clock.now)))
    yield from (at for at, record_id in world.rows(SYNCED) if record_id in there)
    yield from (at for at, webhook_id in world.rows(ROTATED) if webhook_id in world.peers.alc.webhooks)
    yield from (at for at, lead_id in world.rows(POLLED) if lead_id in answered)
    yield from (at for at, why in world.rows(CHECKED) if why or at <= world.clock.now)


def next_check_at_attio(world: World) -> list[float]:
    """When our webhook at Attio is checked, and requests are looked for that no event has told of."""
    return [at for (at,) in world.rows("select due_at from record_subscription")]


def stuck(world: World) -> list[str]:
    """The queries that find a row that nobody will work on (I6)."""
    return [query for queries in STUCK_ROWS.values() for query in queries if world.rows(query) != [(0,)]]


def tokens_of_removed_connections(world: World) -> int:
    """How many removed connections still have a token (I5)."""
    return int(world.rows(TOKENS_OF_REMOVED)[0][0])


def connection_statuses(world: World) -> set[str]:
    """The status of every connection that there ever was."""
    return {status for (status,) in world.rows("select status from connection")}


def stored_deliveries(world: World) -> set[tuple[str, str]]:
    """Handler id and message id of each delivery in the inbox."""
    return {
        (handler_id, message_id) for handler_id, message_id in world.rows("select handler_id, webhook_id from delivery")
    }


def handled_messages(world: World) -> set[str]:
    """The ids of the messages that have been worked off."""
    return {message_id for (message_id,) in world.rows("select webhook_id from delivery where state = 'done'")}


def unfinished_deliveries(world: World) -> list[tuple[str, str, str]]:
    """Deliveries that were not worked off, with their state and the reason; and verdicts that nobody has claimed."""
    waiting = world.rows("select webhook_id, state, why from delivery where state not in ('done', 'ignored')")
    early = world.rows("select alc_lead_id, 'early', event from early_event")
    return [(each[0], each[1], each[2]) for each in [*waiting, *early]]


def send_steps(world: World) -> list[SendStep]:
    """Every step of a workflow that sends a person."""
    found = world.rows("select run_id, config, state from workflow_step where block_id = 'send-to-alc'")
    return [SendStep(run_id, json.loads(config)["record_id"], state == "waiting") for run_id, config, state in found]


def handlers(world: World) -> set[str]:
    """The ids of the webhook handlers that are not deleted."""
    return {handler_id for (handler_id,) in world.rows("select id from webhook_handler where deleted_at is null")}
