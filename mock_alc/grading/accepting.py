"""Checks with deliveries that a receiver must accept, however odd they look."""

import json
from dataclasses import replace
from uuid import uuid4

from mock_alc.base.credentials import new_id
from mock_alc.grading.check import Check
from mock_alc.grading.shots import Forge, Shot
from mock_alc.grading.verdicts import quick, taken
from mock_alc.signing.standard_webhooks import new_secret

RAW = "Verify the raw bytes of the body, before anything parses them: request.get_data() in Flask."
BIG = 60_000


def _rotated(forge: Forge) -> list[Shot]:
    return [
        forge.shot("the new secret's signature first", secrets=[new_secret(), forge.secret]),
        forge.shot("the known secret's signature first", secrets=[forge.secret, new_secret()]),
    ]


def _versions(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    signature = shot.headers["webhook-signature"]
    return [shot.with_headers("v1a, and v2, beside v1,", webhook_signature=f"v1a,AAAA v2,BBBB {signature}")]


def _bodies(forge: Forge) -> list[Shot]:
    event = forge.event(summary="Zoë 🎉")
    return [
        forge.shot("letters beyond ASCII", json.dumps(event, ensure_ascii=False).encode()),
        forge.shot("\\u escapes", json.dumps(event).encode()),
        forge.shot("indented, with a newline at the end", (json.dumps(event, indent=2) + "\r\n").encode()),
    ]


def _names(forge: Forge) -> list[Shot]:
    shot = forge.shot("Webhook-Id, WEBHOOK-TIMESTAMP")
    return [replace(shot, headers={_respelled(name): value for name, value in shot.headers.items()})]


def _respelled(name: str) -> str:
    return name.upper() if name.endswith("timestamp") else name.title()


def _duplicates(forge: Forge) -> list[Shot]:
    shot = forge.shot("the first time")
    return [shot, replace(shot, label="again, the same bytes"), forge.shot("a retry, signed anew", shot.body, age=-5,
            message_id=shot.headers["webhook-id"])]  # fmt: skip


def _at_once(forge: Forge) -> list[Shot]:
    shot = forge.shot()
    return [replace(shot, label=f"copy {number} of 5, at once", at_once=True) for number in range(1, 6)]


def _order(forge: Forge) -> list[Shot]:
    return [
        forge.shot("the later event first", occurred_at=forge.earlier(0)),
        forge.shot("then the earlier one", occurred_at=forge.earlier(60), status="Failed", interest="no_answer"),
    ]


ACCEPTING = [
    Check(
        "valid", "accepts a valid delivery", lambda forge: [forge.shot("a lead.processed")], taken,
        "Without this, nothing ever arrives.",
        "Take the secret without whsec_, decode it as base64, and compare HMAC-SHA256 over id.timestamp.body; "
        "`mock-alc explain` finds the difference.",
    ),
    Check(
        "body_bytes", "verifies the bytes, not the JSON", _bodies, taken,
        "JSON that is parsed and written anew has other bytes, so that signatures of some bodies no longer match.", RAW,
    ),
    Check(
        "rotation", "accepts one right signature among several", _rotated, taken,
        "While a secret is rotated, each delivery carries a signature for the old and one for the new secret.",
        "Split webhook-signature at spaces, and accept when any one matches.",
    ),
    Check(
        "versions", "passes over versions of signatures that it does not know", _versions, taken,
        "Senders add new kinds of signatures beside v1; that must not break receivers.",
        "Look at the parts that begin with v1, and ignore the others.",
    ),
    Check(
        "header_case", "finds headers in any case", _names, taken,
        "HTTP header names have no case; HTTP/2 and proxies rewrite it.",
        "Look headers up by the means of your framework, without regard to case.",
    ),
    Check(
        "clock_skew", "allows clocks to differ a little",
        lambda forge: [forge.shot("two minutes old", age=120), forge.shot("a minute ahead", age=-60)], taken,
        "Clocks differ, and a delivery may wait in a queue.", "Allow five minutes either way.",
    ),
    Check(
        "duplicate", "accepts a delivery that it has already", _duplicates, taken,
        "Every sender repeats deliveries whose answer was lost. A refused duplicate is sent for days; "
        "one that is processed again does things twice (which cannot be seen from outside: check it).",
        "Store webhook-id under a unique key together with the effect, and answer 2xx when it is there already.",
    ),
    Check(
        "duplicates_at_once", "accepts five copies at the same time", _at_once, taken,
        "Retries race with late first attempts. Look-then-insert lets both through, or breaks with a 500.",
        "Insert first and let the unique key decide; the loser answers 2xx.",
    ),
    Check(
        "order", "accepts events in the wrong order", _order, taken,
        "Retries reorder deliveries. A late old event must not be refused, nor undo a newer one (check that).",
        "Compare occurred_at with what you have, keep the newer, answer 2xx.",
    ),
    Check(
        "unknown_event", "accepts an event that it does not know",
        lambda forge: [
            forge.shot("webhook.test", json.dumps({"event": "webhook.test", "webhook_id": "wh_1"}).encode()),
            forge.shot("lead.archived", json.dumps({"event": "lead.archived", "data": {"id": "1"}}).encode()),
        ],
        taken, "Senders add events. One that is refused is retried for days, and may disable the webhook.",
        "Answer 2xx to every event that is rightly signed, and ignore those that you do not know.",
    ),
    Check(
        "extra_fields", "accepts fields that it does not know",
        lambda forge: [forge.shot("three fields more", score=7, tags=["a"], agent={"name": "Kim"})], taken,
        "Senders add fields.", "Read the fields that you need, and ignore the others.",
    ),
    Check(
        "unknown_record", "accepts a verdict on a record that is not there",
        lambda forge: [forge.shot("record and lead of nobody", record_id=str(uuid4()), lead_id=new_id("lead"))],
        taken, "Records are deleted and merged. Sending it again for three days does not bring them back.",
        "Answer 2xx once the delivery is stored, and look for the record afterwards.",
    ),
    Check(
        "size", "accepts a body of 60 kB", lambda forge: [forge.shot("60 kB", transcript="x" * BIG)], taken,
        "Bodies grow, by fields that are added.", "Allow bodies up to 64 KiB at least.",
    ),
    Check(
        "slow_body", "waits for a body that comes slowly",
        lambda forge: [replace(forge.shot("in five pieces"), seconds=1.5)], taken,
        "Networks stall. A receiver that verifies what it has so far refuses what was right.",
        "Read the whole body up to its Content-Length before verifying, with a deadline of some seconds.",
    ),
    Check(
        "quick", "answers soon, ten times over", lambda forge: [forge.shot(f"number {n}") for n in range(1, 11)], quick,
        "Work that is done before the answer makes senders time out, and send again what was taken.",
        "Store the delivery, answer 2xx, and work afterwards.",
    ),
]  # fmt: skip
