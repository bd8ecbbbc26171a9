"""What people do: send in every way that there is, merge, delete."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.soak.mix.hand import Done, Hand, words
from tests.soak.mix.journal import Entry, Sends

SENT = "Successfully sent to ALC!"
NOT_SENT = ("Failed to load person data", "No phone number found", "Connect Acme Lead Checker")
REFUSED = ("This answer was asked for at the control API.", "This send was given up before it began.")
"""What a person is told that ALC, or the app, has refused for good."""
LEFT_OUT = ("It is no longer in the CRM.", "No phone number found.", *REFUSED)
"""Why a bulk send has left people out for good."""


def click(hand: Hand) -> Done:
    """Press "Send to ALC" on a person."""
    return _click(hand, hand.somebody())


def _click(hand: Hand, record_id: str) -> Done:
    status, effects = hand.stream(f"/people/{record_id}/actions/send-to-alc")
    title, text = words(effects)
    told = f"{title}: {text}" if text and title != NOT_SENT[-1] else title
    return Done(told if effects else f"HTTP {status}", (record_id,), _sends(title, text))


def bulk(hand: Hand) -> Done:
    """Select several people, press "Send to ALC" and agree."""
    record_ids = hand.some(hand.random.randint(2, 6))
    status, effects = hand.stream("/people/bulk-actions/bulk-send-to-alc", {"record_ids": record_ids})
    asked = next((effect["resume"] for effect in effects if effect["effect"] == "confirm"), None)
    if asked is None:
        return Done(f"HTTP {status}", tuple(record_ids), "maybe")
    status, effects = hand.stream(f"/actions/runs/{asked}", {"answer": True})
    title, text = words(effects)
    told = " ".join(f"{title}: {text}".split()) if effects else f"HTTP {status}"
    return Done(told, tuple(record_ids), _bulk_sends(title, text))


def _bulk_sends(title: str, text: str) -> Sends:
    """Tell it for all people together: some are sent also when the connection is lost on the way."""
    reasons = [line.partition(": ")[2] for line in text.splitlines()] if "not sent" in title else []
    return "yes" if title.endswith("sent to ALC") and all(map(_is_final, reasons)) else "maybe"


def _is_final(reason: str) -> bool:
    return reason.startswith(LEFT_OUT)


def _sends(title: str, text: str) -> Sends:
    if title == SENT:
        return "yes"
    refused = title in NOT_SENT or (title == "Failed to send to ALC" and text.startswith(REFUSED))
    return "no" if refused else "maybe"


def request(hand: Hand) -> Done:
    """Set the status to "Requested" in the CRM."""
    record_id = hand.somebody()
    hand.attio.write(record_id, alc_status="Requested")
    return Done("Requested", (record_id,), "maybe")


def workflow(hand: Hand) -> Done:
    """Run the workflow whose first step is "Send to ALC and wait"."""
    record_id = hand.somebody()
    answer = hand.user.post("/workflows/qualify/runs", data={"record_id": record_id}, allow_redirects=False)
    runs = answer.status_code == 303
    return Done("runs" if runs else f"HTTP {answer.status_code}", (record_id,), "maybe" if runs else "no")


def merge(hand: Hand) -> Done:
    """Merge two people."""
    return _merge(hand, *hand.some(2))


def merge_again(hand: Hand) -> Done:
    """Merge the newest record, which often was made by a merge, with another one, either way round."""
    newest = hand.journal.people()[-1]
    other = next(record_id for record_id in hand.some(2) if record_id != newest)
    return _merge(hand, *hand.random.sample([newest, other], 2))


def click_and_merge(hand: Hand) -> Done:
    """Press "Send to ALC" on a person, and merge this one with another before the answer."""
    clicked, other = hand.some(2)

    def click_and_note() -> None:
        began, done = time.time(), _click(hand, clicked)
        hand.journal.note(Entry(began, time.time(), click.__name__, *done))

    with ThreadPoolExecutor(1) as pool:
        clicking = pool.submit(click_and_note)
        threading.Event().wait(hand.random.uniform(0.0, 1.0))
        try:
            return _merge(hand, *hand.random.sample([clicked, other], 2))
        finally:
            clicking.result()


def _merge(hand: Hand, primary: str, secondary: str) -> Done:
    with hand.world.merge() as is_heard:
        if not is_heard:
            return Done("not while nobody tells the app")
        made = hand.attio.merge(primary, secondary)
        hand.journal.merge(primary, secondary, made)
    return Done("merged", (primary, secondary, made))


def delete(hand: Hand) -> Done:
    """Delete a person in the CRM."""
    record_id = hand.somebody()
    hand.attio.delete(record_id)
    hand.journal.delete(record_id)
    return Done("deleted", (record_id,))
