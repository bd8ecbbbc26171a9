"""Checks with unusual but valid deliveries, which a receiver must accept."""

import json
from dataclasses import replace
from uuid import uuid4

from mock_alc.base.credentials import new_id
from mock_alc.grading.check import Check
from mock_alc.grading.expectations import expect_accepted, expect_quick_answers
from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.standard_webhooks import new_secret

RAW = "Verify the raw bytes of the body, before anything parses them: request.get_data() in Flask."
BIG = 60_000


def _rotated(factory: ProbeFactory) -> list[Probe]:
    return [
        factory.probe("the new secret's signature first", secrets=[new_secret(), factory.secret]),
        factory.probe("the known secret's signature first", secrets=[factory.secret, new_secret()]),
    ]


def _versions(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    signature = probe.headers["webhook-signature"]
    return [probe.with_headers("v1a, and v2, beside v1,", webhook_signature=f"v1a,AAAA v2,BBBB {signature}")]


def _bodies(factory: ProbeFactory) -> list[Probe]:
    event = factory.event(summary="Zoë 🎉")
    return [
        factory.probe("letters beyond ASCII", json.dumps(event, ensure_ascii=False).encode()),
        factory.probe("\\u escapes", json.dumps(event).encode()),
        factory.probe("indented, with a newline at the end", (json.dumps(event, indent=2) + "\r\n").encode()),
    ]


def _names(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe("Webhook-Id, WEBHOOK-TIMESTAMP")
    return [replace(probe, headers={_respelled(name): value for name, value in probe.headers.items()})]


def _respelled(name: str) -> str:
    return name.upper() if name.endswith("timestamp") else name.title()


def _duplicates(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe("the first time")
    retry = factory.probe("a retry, signed anew", probe.body, age=-5, message_id=probe.headers["webhook-id"])
    return [probe, replace(probe, label="again, the same bytes"), retry]


def _at_once(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    return [replace(probe, label=f"copy {number} of 5, at once", at_once=True) for number in range(1, 6)]


def _order(factory: ProbeFactory) -> list[Probe]:
    return [
        factory.probe("the later event first", occurred_at=factory.earlier(0)),
        factory.probe("then the earlier one", occurred_at=factory.earlier(60), status="Failed", interest="no_answer"),
    ]


ACCEPTING = [
    Check(
        "valid", "accepts a valid delivery", lambda factory: [factory.probe("a lead.processed")], expect_accepted,
        "Without this, nothing ever arrives.",
        "Take the secret without whsec_, decode it as base64, and compare HMAC-SHA256 over id.timestamp.body; "
        "`mock-alc explain` finds the difference.",
    ),
    Check(
        "body_bytes", "verifies the bytes, not the JSON", _bodies, expect_accepted,
        "JSON that is parsed and written anew has other bytes, so that signatures of some bodies no longer match.", RAW,
    ),
    Check(
        "rotation", "accepts one right signature among several", _rotated, expect_accepted,
        "While a secret is rotated, each delivery carries a signature for the old and one for the new secret.",
        "Split webhook-signature at spaces, and accept when any one matches.",
    ),
    Check(
        "versions", "passes over versions of signatures that it does not know", _versions, expect_accepted,
        "Senders add new kinds of signatures beside v1; that must not break receivers.",
        "Look at the parts that begin with v1, and ignore the others.",
    ),
    Check(
        "header_case", "finds headers in any case", _names, expect_accepted,
        "HTTP header names have no case; HTTP/2 and proxies rewrite it.",
        "Look headers up by the means of your framework, without regard to case.",
    ),
    Check(
        "clock_skew", "allows clocks to differ a little",
        lambda factory: [factory.probe("two minutes old", age=120), factory.probe("a minute ahead", age=-60)],
        expect_accepted,
        "Clocks differ, and a delivery may wait in a queue.", "Allow five minutes either way.",
    ),
    Check(
        "duplicate", "accepts a delivery that it has already", _duplicates, expect_accepted,
        "Every sender repeats deliveries whose answer was lost. A refused duplicate is sent for days; "
        "one that is processed again does things twice (which cannot be seen from outside: check it).",
        "Store webhook-id under a unique key together with the effect, and answer 2xx when it is there already.",
    ),
    Check(
        "duplicates_at_once", "accepts five copies at the same time", _at_once, expect_accepted,
        "Retries race with late first attempts. Look-then-insert lets both through, or breaks with a 500.",
        "Insert first and let the unique key decide; the loser answers 2xx.",
    ),
    Check(
        "order", "accepts events in the wrong order", _order, expect_accepted,
        "Retries reorder deliveries. A late old event must not be refused, nor undo a newer one (check that).",
        "Compare occurred_at with what you have, keep the newer, answer 2xx.",
    ),
    Check(
        "unknown_event", "accepts an event that it does not know",
        lambda factory: [
            factory.probe("webhook.test", json.dumps({"event": "webhook.test", "webhook_id": "wh_1"}).encode()),
            factory.probe("lead.archived", json.dumps({"event": "lead.archived", "data": {"id": "1"}}).encode()),
        ],
        expect_accepted, "Senders add events. One that is refused is retried for days, and may disable the webhook.",
        "Answer 2xx to every event that is rightly signed, and ignore those that you do not know.",
    ),
    Check(
        "extra_fields", "accepts fields that it does not know",
        lambda factory: [factory.probe("three fields more", score=7, tags=["a"], agent={"name": "Kim"})],
        expect_accepted, "Senders add fields.", "Read the fields that you need, and ignore the others.",
    ),
    Check(
        "unknown_record", "accepts a verdict on a record that is not there",
        lambda factory: [factory.probe("record and lead of nobody", record_id=str(uuid4()), lead_id=new_id("lead"))],
        expect_accepted, "Records are deleted and merged. Sending it again for three days does not bring them back.",
        "Answer 2xx once the delivery is stored, and look for the record afterwards.",
    ),
    Check(
        "size", "accepts a body of 60 kB", lambda factory: [factory.probe("60 kB", transcript="x" * BIG)],
        expect_accepted, "Bodies grow, by fields that are added.", "Allow bodies up to 64 KiB at least.",
    ),
    Check(
        "slow_body", "waits for a body that comes slowly",
        lambda factory: [replace(factory.probe("in five pieces"), seconds=1.5)], expect_accepted,
        "Networks stall. A receiver that verifies what it has so far refuses what was right.",
        "Read the whole body up to its Content-Length before verifying, with a deadline of some seconds.",
    ),
    Check(
        "quick", "answers soon, ten times over",
        lambda factory: [factory.probe(f"number {n}") for n in range(1, 11)], expect_quick_answers,
        "Work that is done before the answer makes senders time out, and send again what was taken.",
        "Store the delivery, answer 2xx, and work afterwards.",
    ),
]  # fmt: skip
