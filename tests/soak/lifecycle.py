"""Connect and disconnect with random network faults towards ALC. In the end nothing is left on either side."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import requests

from tests.support.chaos.proxy import (
    Exchange,
    Fault,
    answer_lost,
    answers,
    cut,
    dropped,
    garbage,
    hangs,
    late,
    not_json,
    passes,
    twice,
)
from tests.support.people import User
from tests.support.servers.clients import Alc
from tests.support.servers.proxied_stack import ProxiedStack
from tests.support.waiting import eventually

QUICK = (answer_lost, dropped, cut, garbage, not_json, twice, answers(500), answers(503), answers(429), late(0.2))
TOO_MANY_REQUESTS = 429
RATE = 0.2
CALLS = ("POST /oauth/token", "POST /oauth/revoke", "POST /api/v1/webhooks", "GET /api/v1/webhooks", "DELETE /api/v1")
TO_BE_EMPTY = {
    "connections that are not removed": "select count(*) from connection where status != 'removed'",
    "connections that still have a token": "select count(*) from connection where access_token || refresh_token != ''",
    "grants that were not taken": "select count(*) from oauth_flow where code is not null",
    "handlers that ALC may still know": "select count(*) from webhook_handler where deleted_at is null",
}


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty."""

    rounds: int
    seed: int
    connected: int = 0
    refused: int = 0
    """Connects that ended with an error notice."""
    pending: int = 0
    """Disconnects whose clean-up was finished later."""
    seconds: float = 0.0
    healing: float = 0.0
    """Seconds from the last fault until everything was cleaned up; part of `seconds`."""
    faults: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    """Access tokens that the app has received."""
    wrong: dict[str, int] = field(default_factory=dict)
    """What is left at ALC or here."""


def run(
    rounds: int,
    seed: int,
    home: Path,
    *,
    hanging: bool = True,
    one_process: bool = False,
    on_progress: Callable[[], object] = lambda: None,
) -> Report:
    """Run so many rounds with real processes in `home`, and call `on_progress` after each.

    The same seed makes the same choices.
    """
    report, started = Report(rounds, seed), time.monotonic()
    with ProxiedStack(home, one_process=one_process) as stack:
        _run_rounds(stack, Random(seed), report, (*QUICK, hangs()) if hanging else QUICK, on_progress)  # noqa: S311 - repeatable, not secret
        report.faults = dict(stack.to_alc.faults())
        stack.heal()
        report.healing = time.monotonic()
        report.wrong = _clean_up(stack)
        report.healing = time.monotonic() - report.healing
        report.wrong |= _rows(stack) | _at_alc(stack, report)
    report.seconds = time.monotonic() - started
    return report


def _run_rounds(
    stack: ProxiedStack, random: Random, report: Report, faults: Sequence[Fault], on_progress: Callable[[], object]
) -> None:
    user = User(stack.app_url)
    stack.to_alc.at_random(Random(random.random()), RATE, dict.fromkeys(CALLS, faults))  # noqa: S311 - see above
    for _ in range(report.rounds):
        connected = _connect(user)
        report.connected, report.refused = report.connected + connected, report.refused + (not connected)
        if user.is_connected() and random.random() < 0.8:  # else the next round replaces it
            report.pending += "notice=clean_up_pending" in user.disconnect_alc().url
        on_progress()
    if user.is_connected():
        user.disconnect_alc()


def _connect(user: User) -> bool:
    """Connect, and wait while ALC answers 429: it limits consent decisions per minute. Return whether it worked."""
    page = eventually(lambda: _unless_limited(user.connect_alc()), within=90)
    return page.url.endswith("notice=connected")


def _unless_limited(page: requests.Response) -> requests.Response | None:
    return None if page.status_code == TOO_MANY_REQUESTS else page


def _clean_up(stack: ProxiedStack) -> dict[str, int]:
    """Connect once more and disconnect, then wait until every row is cleaned up. Return what is left.

    A connection whose tokens ALC has revoked can be cleaned up only with the tokens of the next connection.
    """
    user = User(stack.app_url)
    try:
        assert _connect(user), "Without faults it did not connect."
        eventually(lambda: _due_rows(stack).get("connections that are not removed") == 1, within=120)
        user.disconnect_alc()
        eventually(lambda: not _due_rows(stack), within=120)
    except AssertionError as stuck:
        return {f"stuck: {stuck}": 1}
    return {}


def _due_rows(stack: ProxiedStack) -> dict[str, int]:
    """Make waiting rows due, because the retries of a clean-up are long apart, and count what is left."""
    stack.make_rows_due()
    return _rows(stack)


def _rows(stack: ProxiedStack) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{stack.home / 'app.db'}?mode=ro", uri=True)) as database:
        found = {what: database.execute(query).fetchone()[0] for what, query in TO_BE_EMPTY.items()}
    return {what: count for what, count in found.items() if count}


def _at_alc(stack: ProxiedStack, report: Report) -> dict[str, int]:
    """Count webhooks at ALC, and valid tokens that have reached the app.

    A token whose response was lost is not counted: nobody can revoke it, and it expires within an hour.
    """
    tokens = [token for exchange in stack.to_alc.sent("POST /oauth/token") for token in _tokens_in(exchange)]
    report.tokens = len(tokens)
    alive = [token for token in tokens if _is_accepted(stack.alc_url, token)]
    found = {"webhooks at ALC": len(Alc(stack.alc_url).webhooks()), "tokens that ALC still takes": len(alive)}
    return {what: count for what, count in found.items() if count}


def _tokens_in(exchange: Exchange) -> list[str]:
    if exchange.fault not in (passes.__name__, twice.__name__, "late") or not exchange.answers:
        return []
    body = json.loads(exchange.answers[0].partition(b"\r\n\r\n")[2])
    return [body["access_token"]] if "access_token" in body else []


def _is_accepted(alc_url: str, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{alc_url}/api/v1/webhooks", headers=headers, timeout=30).status_code != 401
