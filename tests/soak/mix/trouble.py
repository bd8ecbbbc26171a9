"""What goes wrong: ALC and Attio refuse or lose answers, the connection is made anew, a worker dies; and who mends."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from tests.soak.mix.crm_gate import attio_refuses
from tests.soak.mix.hand import Done, Hand
from tests.support.chaos.proxy import Fault, answer_lost, dropped
from tests.support.waiting import eventually

LEADS, LEAD = "/api/v1/leads", "/api/v1/leads/*"
TOO_MANY = 429
REFUSALS: tuple[dict[str, Any], ...] = (
    {"route": f"POST {LEADS}", "trouble": "rate_limited", "seconds": 1},
    {"route": f"POST {LEADS}", "trouble": "rate_limited", "seconds": 2, "retry_after_as": "http-date"},
    {"route": f"POST {LEADS}", "answer": {"status": 503, "headers": {"Retry-After": "1"}}},
    {"route": f"POST {LEADS}", "answer": {"status": 404}},
    {"route": f"GET {LEAD}", "answer": {"status": 503}},
)
"""Nothing has happened, and ALC says so."""
LOST: tuple[dict[str, Any], ...] = (
    {"route": f"POST {LEADS}", "trouble": "drop", "effect": "none"},
    {"route": f"POST {LEADS}", "trouble": "drop", "effect": "done"},
    {"route": f"POST {LEADS}", "trouble": "garbage"},
    {"route": f"POST {LEADS}", "answer": {"status": 500}, "effect": "done"},
    {"route": f"GET {LEADS}", "trouble": "drop"},
)
"""Nobody can know what has happened without asking again, which the app does half a minute later."""
BUSY: tuple[Fault, ...] = (
    attio_refuses(503, "service_unavailable", "Try again."),
    attio_refuses(429, "rate_limit_exceeded", "Slow down.", ("Retry-After", "1")),
)
PAUSE = 20.0
"""Seconds for which the app stays connected: without a connection little happens."""
ANOTHER = "not now"
GONE = attio_refuses(404, "not_found", "Could not find the record.")


def alc_refuses(hand: Hand) -> Done:
    """Let ALC answer 429, 503 or 404 to its next calls."""
    return _fault_at_alc(hand, hand.random.choice(REFUSALS))


def alc_loses_answers(hand: Hand) -> Done:
    """Let an answer of ALC's be lost, before or after the effect."""
    return _fault_at_alc(hand, hand.random.choice(LOST))


def _fault_at_alc(hand: Hand, fault: dict[str, Any]) -> Done:
    times = hand.random.randint(1, 3)
    hand.alc.add_fault(**fault, times=times)
    what = fault.get("trouble") or f"status {fault['answer']['status']}"
    return Done(f"{fault['route']}: {what}, {fault.get('effect', '')} {times}x")


def attio_forbids(hand: Hand) -> Done:
    """Take away the permission to write records for a while."""
    seconds = hand.random.uniform(0.5, 3.0)
    hand.world.gate.forbid(seconds)
    return Done(f"for {seconds:.1f} s")


def attio_is_busy(hand: Hand) -> Done:
    """Let Attio answer 503 or 429 to the next writes."""
    return _fault_at_attio(hand, hand.random.choice(BUSY))


def attio_denies_a_record(hand: Hand) -> Done:
    """Let Attio answer 404 to the next writes, though the records exist."""
    return _fault_at_attio(hand, GONE)


def attio_loses_answers(hand: Hand) -> Done:
    """Let the next writes end without an answer, before or after their effect."""
    return _fault_at_attio(hand, hand.random.choice((dropped, answer_lost)))


def _fault_at_attio(hand: Hand, fault: Fault) -> Done:
    times = hand.random.randint(1, 3)
    for _ in range(times):
        hand.world.gate.plan(fault)
    return Done(f"{fault.__name__} {times}x")


def reconnect(hand: Hand) -> Done:
    """Disconnect and connect, or connect anew over the connection; until the app hears of the CRM again."""
    world = hand.world
    if time.time() - world.connected_at < PAUSE or not world.connecting.acquire(blocking=False):
        return Done(ANOTHER)
    try:
        with world.without_merges():
            return _reconnect(hand)
    finally:
        world.connected_at = time.time()
        world.connecting.release()


def _reconnect(hand: Hand) -> Done:
    known, first = {webhook["id"]["webhook_id"] for webhook in hand.attio.webhooks()}, "replaced"
    if hand.user.is_connected() and hand.random.random() < 0.6:
        hand.user.disconnect_alc()
        first = "disconnected"
        threading.Event().wait(hand.random.uniform(0, 1.5))
    page = eventually(lambda: _unless_limited(hand.user.connect_alc()), within=90)
    assert page
    eventually(lambda: {each["id"]["webhook_id"] for each in hand.attio.webhooks()} - known, within=60)
    return Done(f"{first}, {page.url.rpartition('/')[2] if page.ok else f'HTTP {page.status_code}'}")


def _unless_limited(page: requests.Response) -> requests.Response | None:
    return None if page.status_code == TOO_MANY else page


def kill(hand: Hand) -> Done:
    """Kill -9 a worker, and start it again."""
    with hand.world.killing:
        worker = hand.random.choice(hand.world.workers)
        worker.kill()
        worker.start()
    return Done(worker.name)


def doctor(hand: Hand) -> Done:
    """Let the doctor mend what it can, as `alc-app doctor --fix` does."""
    answer = hand.user.post("/doctor/report", json={"mend": True})
    if not answer.ok:
        return Done(f"HTTP {answer.status_code}")
    mended = [found for check in answer.json()["checks"] for found in check["findings"] if found["mended"]]
    return Done(f"mended {len(mended)}")


def replay(hand: Hand) -> Done:
    """Try a dead letter again."""
    letters = hand.user.get("/doctor/dead-letters.json").json()["dead_letters"]
    possible = [letter["id"] for letter in letters if not letter["advice"]]
    if not possible:
        return Done("there is none")
    chosen = hand.random.choice(possible)
    answer = hand.user.post("/doctor/dead-letters", data={"id": chosen, "do": "replay"}, allow_redirects=False)
    kind, _, run_id = chosen.partition(":")
    runs = hand.user.get("/workflows.json").json()["runs"] if kind == "workflow" else []
    records = tuple(run["record_id"] for run in runs if run["id"] == run_id)
    return Done(f"{kind}: HTTP {answer.status_code}", records, "maybe" if records else "no")
