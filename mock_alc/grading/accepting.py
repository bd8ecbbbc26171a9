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
        factory.probe("letters beyond ASCII", json.dumps(event, ensure_ascii=False).encode()),
        factory.probe("\\u escapes", text.encode()),
        factory.probe("escaped slashes", text.replace("/", "\\/").encode()),
        factory.probe("indented, with a newline at the end", (json.dumps(event, indent=2) + "\r\n").encode()),
        factory.probe("odd white space", text.replace(": ", " :\t").replace(", ", "  ,\n").encode()),
    ]


def _names(factory: ProbeFactory) -> list[Probe]:
    small, large = factory.probe("small letters"), factory.probe("capital letters")
    return [
        replace(small, headers={name.lower(): value for name, value in small.headers.items()}),
        replace(large, headers={name.upper(): value for name, value in large.headers.items()}),
    ]


def _duplicates(factory: ProbeFactory) -> list[Probe]:
    message_id = f"msg_{factory.now}"
    probe = factory.probe("the first time", message_id=message_id)
    retry = factory.probe("a retry, signed anew", probe.body, age=-5, message_id=message_id)
    return [probe, replace(probe, label="again, the same bytes"), retry]


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
        "Without this, nothing ever arrives.",
        "Compare {signature} with HMAC-SHA256 over {signs}. {key} `mock-alc explain` finds the difference.",
    ),
    Check(
        "body_bytes", "verifies the bytes, not the JSON", _bodies, expect_accepted,
        "JSON that is parsed and written anew has other bytes, so that signatures of some bodies no longer match.", RAW,
    ),
    Check(
        "rotation", "accepts one right signature among several", _rotated, expect_accepted,
        "While a secret is rotated, each delivery carries a signature for the old and one for the new secret.",
        "Split {signature}, and accept when any one of its signatures matches.", takes_several,
    ),
    Check(
        "versions", "passes over versions of signatures that it does not know", _versions, expect_accepted,
        "Senders add new kinds of signatures beside v1; that must not break receivers.",
        "Look at the parts that begin with {prefix} and ignore the others.", takes_several,
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
        "Clocks differ, and a delivery may wait in a queue.", "Allow five minutes either way.", has_timestamp,
    ),
    Check(
        "duplicate", "accepts a delivery that it has already", _duplicates, expect_accepted,
        "Every sender repeats deliveries whose answer was lost. A refused duplicate is sent for days; "
        "one that is processed again does things twice (which cannot be seen from outside: check it).",
        "Store {id} under a unique key together with the effect, and answer 2xx when it is there already.",
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
        lambda dialect: EVENTS[dialect.name].is_dated,
    ),
    Check(
        "list_of_events", "accepts several events in one message, and none", _lists, expect_quick_answers,
        "A message holds a list of events. Today there is one in it; code that reads the first loses the others.",
        "Go through all of `events`, also if there are none.", lambda dialect: EVENTS[dialect.name].is_list,
    ),
    Check(
        "unknown_event", "accepts an event that it does not know",
        lambda factory: [
            factory.probe(label, **changes) for label, changes in factory.events.unknown.items()
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
        "unknown_record", "accepts an event about a record that is not there",
        lambda factory: [factory.probe(label, **changes) for label, changes in factory.events.gone.items()],
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
