"""Checks with unusual but valid deliveries, which a receiver must accept."""

import json
from dataclasses import replace

from mock_alc.grading.check import Check, has_timestamp, takes_several
from mock_alc.grading.events import EVENTS, attio_event
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
    body, prefix = factory.event_bytes(), factory.dialect.prefix
    message_id, others = "msg_versions", [prefix.replace("1", "1a") + "AAAA", prefix.replace("1", "2") + "BBBB"]
    right = prefix + factory.dialect.encoding.write(factory.mac(message_id, body))
    label = f"{' and '.join(others)} beside {prefix}"
    return [factory.with_signatures(label, [*others, right], message_id=message_id, body=body)]


def _bodies(factory: ProbeFactory) -> list[Probe]:
    event = factory.event(**{factory.events.text: "Zoë 🎉 </a>"})
    text = json.dumps(event)
    return [
        factory.probe("non-ASCII letters", json.dumps(event, ensure_ascii=False).encode()),
        factory.probe("\\u escapes", text.encode()),
        factory.probe("escaped slashes", text.replace("/", "\\/").encode()),
        factory.probe("indented, with a newline at the end", (json.dumps(event, indent=2) + "\r\n").encode()),
        factory.probe("unusual white space", text.replace(": ", " :\t").replace(", ", "  ,\n").encode()),
    ]


def _names(factory: ProbeFactory) -> list[Probe]:
    small, large = factory.probe("lower-case letters"), factory.probe("upper-case letters")
    return [
        replace(small, headers={name.lower(): value for name, value in small.headers.items()}),
        replace(large, headers={name.upper(): value for name, value in large.headers.items()}),
    ]


def _duplicates(factory: ProbeFactory) -> list[Probe]:
    message_id = f"msg_{factory.now}"
    probe = factory.probe("the first time", message_id=message_id)
    retry = factory.probe("a retry with a fresh signature", probe.body, age=-5, message_id=message_id)
    return [probe, replace(probe, label="the same bytes again"), retry]


def _at_once(factory: ProbeFactory) -> list[Probe]:
    probe = factory.probe()
    return [replace(probe, label=f"copy {number} of 5, at once", at_once=True) for number in range(1, 6)]


def _order(factory: ProbeFactory) -> list[Probe]:
    return [
        factory.probe("the later event first", occurred_at=factory.earlier(0)),
        factory.probe("then the earlier one", occurred_at=factory.earlier(60), status="Failed", interest="no_answer"),
    ]


def _lists(factory: ProbeFactory) -> list[Probe]:
    kinds = ("record.created", "record.updated", "record.updated", "note.created", "record.teleported")
    record_id = factory.event()["events"][0]["id"]["record_id"]
    return [
        factory.probe("five events", events=[attio_event(kind, record_id) for kind in kinds]),
        factory.probe("a hundred events", events=[attio_event("record.updated", record_id) for _ in range(100)]),
        factory.probe("an empty list", events=[]),
    ]


ACCEPTING = [
    Check(
        "valid", "accepts a valid delivery", lambda factory: [factory.probe("a usual event")], expect_accepted,
        "Without this, the receiver gets no events.",
        "Compare {signature} with HMAC-SHA256 over {signs}. {key} `mock-alc explain` finds the difference.",
    ),
    Check(
        "body_bytes", "verifies the bytes, not the JSON", _bodies, expect_accepted,
        "Parsing JSON and serializing it again changes the bytes, so some signatures no longer match.", RAW,
    ),
    Check(
        "rotation", "accepts one correct signature among several", _rotated, expect_accepted,
        "While a secret is rotated, each delivery carries two signatures: one for the old secret and one for the new "
        "secret.",
        "Split {signature}, and accept the delivery if one of its signatures matches.", takes_several,
    ),
    Check(
        "versions", "ignores unknown signature versions", _versions, expect_accepted,
        "Senders add new kinds of signatures beside v1. These must not break a receiver.",
        "Check the parts that begin with {prefix} and ignore the others.", takes_several,
    ),
    Check(
        "header_case", "finds headers in any case", _names, expect_accepted,
        "HTTP header names are case-insensitive, and HTTP/2 and proxies change their case.",
        "Use your framework's header lookup, which ignores case.",
    ),
    Check(
        "clock_skew", "allows clocks to differ a little",
        lambda factory: [factory.probe("two minutes old", age=120), factory.probe("a minute ahead", age=-60)],
        expect_accepted,
        "Clocks differ, and a delivery may wait in a queue.", "Allow five minutes either way.", has_timestamp,
    ),
    Check(
        "duplicate", "accepts a delivery that it already has", _duplicates, expect_accepted,
        "Every sender repeats a delivery whose answer was lost. A refused duplicate comes back for days. A duplicate "
        "that is processed again does things twice; the grade cannot see that, so check it.",
        "Store {id} under a unique key together with the effect, and answer 2xx if it is already there.",
    ),
    Check(
        "duplicates_at_once", "accepts five copies at the same time", _at_once, expect_accepted,
        "Retries race with late first attempts. Code that looks first and inserts afterwards takes both, or fails "
        "with 500.",
        "Insert first and let the unique key decide. Answer 2xx to the duplicate too.",
    ),
    Check(
        "order", "accepts events in the wrong order", _order, expect_accepted,
        "Retries change the order of deliveries. Accept a late old event, but do not let it undo a newer one (check "
        "that).",
        "Compare occurred_at with the stored one, keep the newer event, and answer 2xx.",
        lambda dialect: EVENTS[dialect.name].is_dated,
    ),
    Check(
        "list_of_events", "accepts messages with several events, and with none", _lists, expect_quick_answers,
        "A message contains a list of events. Today it has one event; code that reads only the first loses the others.",
        "Loop over `events`, and accept an empty list.", lambda dialect: EVENTS[dialect.name].is_list,
    ),
    Check(
        "unknown_event", "accepts an unknown event",
        lambda factory: [
            factory.probe(label, **changes) for label, changes in factory.events.unknown.items()
        ],
        expect_accepted, "Senders add events. They retry a refused event for days, and may disable the webhook.",
        "Answer 2xx to every correctly signed event, and ignore unknown ones.",
    ),
    Check(
        "extra_fields", "accepts unknown fields",
        lambda factory: [factory.probe("three more fields", score=7, tags=["a"], agent={"name": "Kim"})],
        expect_accepted, "Senders add fields.", "Read the fields that you need, and ignore the others.",
    ),
    Check(
        "unknown_record", "accepts an event about a missing record",
        lambda factory: [factory.probe(label, **changes) for label, changes in factory.events.gone.items()],
        expect_accepted, "Records get deleted and merged. Retrying for three days does not bring them back.",
        "Answer 2xx once the delivery is stored, and look for the record afterwards.",
    ),
    Check(
        "size", "accepts a body of 60 kB", lambda factory: [factory.probe("60 kB", transcript="x" * BIG)],
        expect_accepted, "Bodies grow as senders add fields.", "Allow bodies of at least 64 KiB.",
    ),
    Check(
        "slow_body", "waits for a slow body",
        lambda factory: [replace(factory.probe("in five pieces"), seconds=1.5)], expect_accepted,
        "Networks stall. A receiver that verifies half a body refuses a correct delivery.",
        "Read the whole body up to its Content-Length before verifying, with a deadline of some seconds.",
    ),
    Check(
        "quick", "answers ten deliveries quickly",
        lambda factory: [factory.probe(f"number {n}") for n in range(1, 11)], expect_quick_answers,
        "Work before the answer makes senders time out and send an accepted delivery again.",
        "Store the delivery, answer 2xx, and do the work afterwards.",
    ),
]  # fmt: skip
