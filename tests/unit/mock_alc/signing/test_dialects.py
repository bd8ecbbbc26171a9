"""The dialects of the senders: each signs as its sender documents it, and the mistakes with each are named."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from mock_alc.signing import DIALECTS, UnknownDialect, UnusableSecret, explain, sign, verify
from mock_alc.signing.explanation import Explanation

NOW = 1_531_420_618
BODY = b'{"webhook_id": "wh_1", "events": [{"event_type": "record.updated", "id": {"record_id": "caf\xc3\xa9"}}]}'
SECRETS = dict.fromkeys(DIALECTS, "0123456789abcdef" * 4) | {
    "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "stripe": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
KEYS = {name: secret.encode() for name, secret in SECRETS.items()} | {
    "standard-webhooks": base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
}
ATTIO_MESSAGE = (
    b'{"webhook_id":"11111111-1111-4111-8111-111111111111","events":[{"event_type":"record.updated","id":'
    b'{"workspace_id":"22222222-2222-4222-8222-222222222222","object_id":"33333333-3333-4333-8333-333333333333",'
    b'"record_id":"44444444-4444-4444-8444-444444444444","attribute_id":"55555555-5555-4555-8555-555555555555"},'
    b'"actor":{"type":"app","id":"66666666-6666-4666-8666-666666666666"}}]}'
)
SLACK_COMMAND = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def codes(found: Explanation) -> list[str]:
    """What it names, the likeliest first."""
    return [problem.code for problem in found.problems]


def signed(dialect: str, body: bytes = BODY, **options: Any) -> dict[str, str]:
    """The headers of a delivery that is signed now."""
    return sign(dialect, SECRETS[dialect], body, timestamp=NOW, **options)


def judged(dialect: str, headers: dict[str, str], body: bytes = BODY, **options: Any) -> Explanation:
    """The explanation, now."""
    return explain(dialect, SECRETS[dialect], headers, body, now=NOW, **options)


def hexed(key: bytes, content: bytes, algorithm: str = "sha256") -> str:
    """An HMAC in hex."""
    return hmac.new(key, content, algorithm).hexdigest()


@pytest.mark.parametrize(
    ("dialect", "secret", "body", "header", "signature"),
    [
        (
            "attio", "0123456789abcdef" * 4, ATTIO_MESSAGE, "Attio-Signature",
            "86b6ab7d7503b6fd3a0dc4dcb011fe6c9771888b3311dff6703645e089a338fd",
        ),
        (
            "github", "It's a Secret to Everybody", b"Hello, World!", "X-Hub-Signature-256",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "slack", "8f742231b10e8888abcd99yyyzzz85a5", SLACK_COMMAND, "X-Slack-Signature",
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
        (
            "stripe", "whsec_test", b"{}", "Stripe-Signature",
            f"t={NOW},v1={hexed(b'whsec_test', f'{NOW}.{{}}'.encode())}",
        ),
    ],
)  # fmt: skip
def test_each_sender_signs_as_it_documents(dialect: str, secret: str, body: bytes, header: str, signature: str) -> None:
    """Published examples of GitHub and Slack; Attio's and Stripe's rules, computed here."""
    headers = sign(dialect, secret, body, timestamp=NOW)
    assert headers[header] == signature
    assert verify(dialect, secret, headers, body, now=NOW)


def test_attio_sends_its_signature_twice_and_a_key_for_repeats() -> None:
    """One of the two headers is enough to verify."""
    headers = signed("attio", message_id="msg-1")
    assert headers["Attio-Signature"] == headers["X-Attio-Signature"]
    assert headers["Idempotency-Key"] == "msg-1"
    del headers["Attio-Signature"]
    assert judged("attio", headers).valid


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_signed_verifies_in_its_own_dialect_and_with_its_own_body(dialect: str) -> None:
    """And nothing is said against it."""
    headers = signed(dialect)
    found = judged(dialect, headers)
    assert (found.valid, found.problems) == (True, ())
    assert found.expected_signature == headers[DIALECTS[dialect].signature_header]
    assert not judged(dialect, headers, BODY + b" ").valid
    assert not explain(dialect, "whsec_" + "B" * 32, headers, BODY, now=NOW).valid


@pytest.mark.parametrize("dialect", DIALECTS)
def test_verify_computes_the_right_signature_only(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver pays for one signature a key, and not for the search for the sender's mistake."""
    tried: list[bytes] = []

    def count(dialect: object, message_id: str, timestamp: str, body: bytes) -> bytes:
        tried.append(body)
        return body

    headers = signed(dialect)
    monkeypatch.setattr("mock_alc.signing.explanation.fill", count)
    assert not verify(dialect, SECRETS[dialect], headers, BODY + b" ", now=NOW)
    assert 0 < len(tried) <= 4
    assert set(tried) == {BODY + b" "}


@pytest.mark.parametrize("dialect", [name for name, row in DIALECTS.items() if row.tolerance])
def test_old_timestamps_are_refused_where_there_is_a_timestamp(dialect: str) -> None:
    """Five minutes are allowed, or what the caller says."""
    late = {"now": NOW + 301}
    assert codes(explain(dialect, SECRETS[dialect], signed(dialect), BODY, **late)) == ["stale"]
    assert verify(dialect, SECRETS[dialect], signed(dialect), BODY, now=NOW + 301, tolerance=400)


@pytest.mark.parametrize("dialect", ["attio", "github"])
def test_without_a_timestamp_nothing_grows_old(dialect: str) -> None:
    """Also if a tolerance is given, and if a stranger adds a timestamp."""
    headers = signed(dialect) | {"X-Attio-Timestamp": "1"}
    assert judged(dialect, headers, tolerance=1).valid


ATTIO, SLACK = KEYS["attio"], KEYS["slack"]
STAMPED = f"{NOW}.".encode() + BODY


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-Attio-Signature": hexed(ATTIO, STAMPED), "X-Attio-Timestamp": str(NOW)}, "timestamp.body"),
        ({"Attio-Signature": f"v1={hexed(ATTIO, STAMPED)}", "X-Attio-Timestamp": str(NOW)}, "v1="),
        ({"Attio-Signature": hexed(ATTIO, b"undefined." + BODY)}, "'undefined' for the timestamp"),
        ({"Attio-Signature": hexed(ATTIO, b"None." + BODY)}, "'None' for the timestamp"),
    ],
)
def test_the_wrong_scheme_that_is_told_of_attio_is_named(headers: dict[str, str], words: str) -> None:
    """Seed 004 and some libraries sign timestamp and body, in headers that Attio never sends."""
    found = judged("attio", headers | {"Idempotency-Key": "msg-1"})
    assert not found.valid
    assert "wrong_content" in codes(found)
    assert words in " ".join(problem.sentence for problem in found.problems)
    assert any("Attio sends and signs no timestamp" in problem.remedy for problem in found.problems)


@pytest.mark.parametrize(
    ("dialect", "signature", "code"),
    [
        ("attio", hexed(bytes.fromhex(SECRETS["attio"]), BODY), "secret_from_hex"),
        ("attio", hexed(base64.b64decode(SECRETS["attio"]), BODY), "secret_decoded"),
        ("attio", hexed(ATTIO + b"\n", BODY), "secret_white_space"),
        ("attio", hexed(ATTIO, BODY).upper(), "upper_case"),
        ("attio", "sha256=" + hexed(ATTIO, BODY), "wrong_prefix"),
        ("attio", base64.b64encode(hmac.digest(ATTIO, BODY, "sha256")).decode(), "base64"),
        ("attio", base64.b64encode(hexed(ATTIO, BODY).encode()).decode(), "base64_of_hex"),
        ("attio", hexed(ATTIO, json.dumps(json.loads(BODY), separators=(",", ":")).encode()), "body_reencoded"),
        ("attio", hexed(ATTIO, json.dumps(json.loads(BODY)["events"]).encode()), "part_of_body"),
        ("github", "sha1=" + hexed(KEYS["github"], BODY, "sha1"), "wrong_prefix"),
        ("github", hexed(KEYS["github"], BODY), "wrong_prefix"),
        ("slack", "v0=" + hexed(SLACK, BODY), "wrong_content"),
        ("slack", "v0=" + hexed(SLACK, f"v0:{NOW}.".encode() + BODY), "no_match"),
        ("slack", "v0=" + hexed(SLACK, f"{NOW}:".encode() + BODY), "wrong_content"),
        ("stripe", f"t={NOW},v1=" + hexed(KEYS["stripe"], BODY), "wrong_content"),
        ("stripe", f"t={NOW},v1=" + hexed(KEYS["stripe"].removeprefix(b"whsec_"), STAMPED), "secret_without_prefix"),
        ("stripe", f"t={NOW},v1=" + hexed(KEYS["standard-webhooks"], STAMPED), "secret_decoded"),
        ("stripe", f"t={NOW},v0=" + hexed(KEYS["stripe"], STAMPED), "wrong_prefix"),
        ("stripe", "v1=" + hexed(KEYS["stripe"], b"." + BODY), "missing_timestamp"),
    ],
)  # fmt: skip
def test_the_mistakes_of_each_dialect_have_names(dialect: str, signature: str, code: str) -> None:
    """What is right in one dialect is often the mistake in another."""
    found = judged(dialect, signed(dialect) | {DIALECTS[dialect].signature_header: signature}, BODY)
    assert not found.valid
    assert code in codes(found)


def test_a_body_with_many_fields_does_not_hide_the_other_mistakes() -> None:
    """Of a large object no field is tried alone, since that would take all tries."""
    body = json.dumps({str(number): [number, "é"] for number in range(3_000)}).encode()
    headers = signed("attio") | {"Attio-Signature": hexed(ATTIO, body, "sha1")}
    assert codes(judged("attio", headers, body)) == ["wrong_hash"]


def test_a_delivery_that_is_read_in_the_wrong_dialect_is_told_the_right_one() -> None:
    """The name of the header tells who sent it."""
    found = judged("standard-webhooks", signed("attio"))
    assert any("choose the dialect attio" in problem.remedy for problem in found.problems)


def test_slacks_form_is_verified_before_it_is_parsed() -> None:
    """Frameworks drop the empty field, or hand over JSON."""
    short = SLACK_COMMAND.replace(b"&text=", b"")
    found = judged("slack", sign("slack", SECRETS["slack"], short, timestamp=NOW), SLACK_COMMAND)
    assert codes(found) == ["body_reencoded"]
    assert "without its empty fields" in found.problems[0].sentence


def test_a_header_that_is_not_signed_is_missed_without_being_needed() -> None:
    """Receivers recognize repeats by Idempotency-Key; the signature is right without it."""
    headers = {name: value for name, value in signed("attio").items() if name != "Idempotency-Key"}
    found = judged("attio", headers)
    assert (found.valid, codes(found)) == (True, ["missing_header"])
    assert "repeated delivery" in found.problems[0].remedy


def test_an_unknown_dialect_gets_a_sentence_that_names_the_known_ones() -> None:
    """From Python as on the command line."""
    for call in (lambda: sign("hubspot", "x", b""), lambda: verify("hubspot", "x", {}, b"")):
        with pytest.raises(UnknownDialect, match="attio, github, stripe, slack"):
            call()


@pytest.mark.parametrize("dialect", ["attio", "github", "slack", "stripe"])
def test_an_empty_secret_signs_nothing(dialect: str) -> None:
    """A variable that is not set."""
    with pytest.raises(UnusableSecret, match="empty"):
        sign(dialect, " ", b"")


SW = KEYS["standard-webhooks"]
HEAD = f"msg_1.{NOW}.".encode()
TEXT = '{"name": "Zoë / Co", "score": 1.0, "note": "a<b"}'
PARSED = json.loads(TEXT)


def v1(content: bytes, key: bytes = SW) -> str:
    """A signature as Standard Webhooks writes it."""
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (v1(HEAD), "empty_body"),
        (v1(HEAD + repr(TEXT.encode()).encode()), "body_repr"),
        (v1(HEAD + repr(PARSED).encode()), "body_repr"),
        (v1(HEAD + f"[{' '.join(map(str, TEXT.encode()))}]".encode()), "body_repr"),
        (v1(HEAD + b"[object Object]"), "body_lost"),
        (v1(HEAD + b"undefined"), "body_lost"),
        (v1(HEAD + TEXT.encode("latin-1")), "body_encoding"),
        (v1(HEAD + TEXT.encode().decode("latin-1").encode()), "body_encoding"),
        (v1(HEAD + TEXT.encode("utf-16-le")), "body_encoding"),
        (v1(HEAD + json.dumps(PARSED, separators=(",", ":")).replace("/", "\\/").encode()), "body_reencoded"),
        (v1(HEAD + b'{"name":"Zo\xc3\xab / Co","note":"a\\u003cb","score":1.0}'), "body_reencoded"),
        (v1(HEAD + b'{"name":"Zo\xc3\xab / Co","score":1,"note":"a<b"}'), "body_reencoded"),
        (v1(HEAD + hashlib.sha256(TEXT.encode()).hexdigest().encode()), "body_hashed"),
        (v1(f"undefined.{NOW}.".encode() + TEXT.encode()), "unset_header"),
        (v1(b"None.None." + TEXT.encode()), "unset_header"),
        (v1(HEAD[:-1] + TEXT.encode()), "wrong_content"),
        (v1(f"msg_1{NOW}".encode() + TEXT.encode()), "wrong_content"),
        (v1(SW, HEAD + TEXT.encode()), "swapped_arguments"),
        ("v1," + base64.b64encode(hashlib.sha256(SW + HEAD + TEXT.encode()).digest()).decode(), "no_hmac"),
        ("v1," + base64.b64encode(hashlib.sha256(HEAD + TEXT.encode()).digest()).decode(), "no_hmac"),
        (v1(HEAD + base64.b64encode(TEXT.encode())), "body_base64"),
        (v1(HEAD + html.escape(TEXT).encode()), "body_escaped"),
        (v1(HEAD + unicodedata.normalize("NFD", TEXT).encode()), "body_encoding"),
        (v1(HEAD + quote(TEXT).encode()), "body_escaped"),
        (v1(f"msg_1.{NOW + 1}.".encode() + TEXT.encode()), "timestamp_differs"),
        (v1(HEAD + TEXT.encode(), hashlib.sha256(SECRETS["stripe"].encode()).digest()), "secret_hashed"),
        (v1(HEAD + TEXT.encode(), b""), "secret_empty"),
        (v1(HEAD + TEXT.encode(), b"undefined"), "secret_unset"),
        (v1(HEAD + TEXT.encode(), f'"{SECRETS["stripe"]}"'.encode()), "secret_quotes"),
        (v1(HEAD + TEXT.encode(), f"{SECRETS['stripe']}\n".encode()), "secret_white_space"),
        ("v1," + repr(base64.b64encode(hmac.digest(SW, HEAD + TEXT.encode(), "sha256"))), "signature_repr"),
        (f'"{v1(HEAD + TEXT.encode())}"', "signature_quotes"),
    ],
)  # fmt: skip
def test_what_people_do_wrong_has_a_name(signature: str, code: str) -> None:
    """Python's b'…', a parsed object, PHP's slashes, an unset variable, swapped arguments, and more."""
    headers = signed("standard-webhooks", message_id="msg_1") | {"webhook-signature": signature}
    found = judged("standard-webhooks", headers, TEXT.encode())
    assert not found.valid
    assert codes(found)[0] == code
    assert all(problem.remedy for problem in found.problems)
