"""The explaining engine: each mistake that people make is named, and what is right is never accused."""

import base64
import hashlib
import hmac
import importlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.explanation import Explanation, explain
from mock_alc.signing.signatures import signed_headers
from mock_alc.signing.standard_webhooks import new_secret

DIALECT = "standard-webhooks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
MESSAGE, NOW = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330
BODY = b'{"record_id": "1", "status": "Complete", "summary": "caf\xc3\xa9"}'
CONTENT = f"{MESSAGE}.{NOW}.".encode() + BODY


def mac(content: bytes, key: bytes = KEY, algorithm: str = "sha256") -> bytes:
    """An HMAC."""
    return hmac.new(key, content, algorithm).digest()


def v1(content: bytes, key: bytes = KEY, algorithm: str = "sha256") -> str:
    """A signature as it should be spelled."""
    return "v1," + base64.b64encode(mac(content, key, algorithm)).decode()


def headers(signature: str, message: str = MESSAGE, timestamp: object = NOW) -> dict[str, str]:
    """The three headers."""
    return {"webhook-id": message, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def judged(signature: str, body: bytes = BODY, now: float = NOW) -> Explanation:
    """The judgement on a signature of the delivery above."""
    return explain(DIALECT, SECRET, headers(signature), body, now=now)


def codes(found: Explanation) -> list[str]:
    """What it names, the likeliest first."""
    return [problem.code for problem in found.problems]


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
def test_what_independent_signers_sign_is_valid(library: str) -> None:
    """W3: two libraries that others wrote."""
    signer = importlib.import_module(library).Webhook(
        SECRET
    )  # late: svix takes a second, in every process that collects
    signature = signer.sign(MESSAGE, datetime.fromtimestamp(NOW, UTC), BODY.decode())
    found = judged(signature)
    assert found.valid and not found.problems
    assert found.expected_signature == signature
    assert found.expected_content == found.signed_content == CONTENT


@settings(deadline=None)
@given(body=st.binary(max_size=200), old=st.booleans())
def test_no_body_that_is_signed_is_ever_accused(body: bytes, old: bool) -> None:
    """Whatever the bytes, with one signature or with two."""
    secrets = [new_secret(), SECRET] if old else [SECRET]
    assert explain(DIALECT, SECRET, signed_headers(STANDARD_WEBHOOKS, secrets, MESSAGE, NOW, body), body, now=NOW).valid


@settings(deadline=None, max_examples=10)
@given(body=st.binary(max_size=200), other=st.binary(max_size=200))
def test_other_bytes_that_were_signed_are_never_valid(body: bytes, other: bytes) -> None:
    """Whatever is tried out, it stays a refusal."""
    if body != other:
        assert not judged(v1(f"{MESSAGE}.{NOW}.".encode() + other), body).valid


def test_what_another_secret_has_signed_is_never_valid() -> None:
    """Whatever is tried out, it stays a refusal."""
    assert not explain(DIALECT, new_secret(), headers(v1(CONTENT)), BODY, now=NOW).valid


BARE = SECRET.removeprefix("whsec_").encode()


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (v1(CONTENT, BARE), "secret_not_decoded"),
        (v1(CONTENT, SECRET.encode()), "secret_not_decoded"),
        (v1(CONTENT, base64.b64decode(SECRET.replace("_", "/") + "==")), "prefix_decoded"),
        (v1(BODY), "wrong_content"),
        (v1(f"{NOW}.".encode() + BODY), "wrong_content"),
        (v1(f"{NOW}.{MESSAGE}.".encode() + BODY), "wrong_content"),
        (v1(f"{MESSAGE}.{NOW}000.".encode() + BODY), "timestamp_differs"),
        (v1(CONTENT + b"\n"), "trailing_newline"),
        (v1(f"{MESSAGE}.{NOW}.".encode()), "empty_body"),
        (v1(f"{MESSAGE}.{NOW}.".encode() + json.dumps(json.loads(BODY)).encode()), "body_reencoded"),
        (v1(CONTENT.replace(b": ", b":").replace(b", ", b",")), "body_reencoded"),
        (v1(f"{MESSAGE}.{NOW}.".encode() + json.dumps(json.loads(BODY), indent=2).encode()), "body_reencoded"),
        (v1(CONTENT, algorithm="sha1"), "wrong_hash"),
        (v1(CONTENT, algorithm="sha512"), "wrong_hash"),
        (v1(CONTENT).removeprefix("v1,"), "wrong_prefix"),
        (v1(CONTENT).replace("v1,", "v1="), "wrong_prefix"),
        ("v1," + mac(CONTENT).hex(), "hex"),
        (mac(CONTENT).hex(), "hex"),
        ("sha256=" + mac(CONTENT).hex(), "hex"),
        ("v1," + base64.b64encode(mac(CONTENT).hex().encode()).decode(), "base64_of_hex"),
        (v1(CONTENT).rstrip("="), "base64url"),
        (v1(b"something else"), "no_match"),
        ("v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==", "asymmetric"),
        ("nonsense!", "unreadable_signature"),
    ],
)
def test_each_mistake_has_its_name(signature: str, code: str) -> None:
    """The likeliest mistake comes first, with what to do about it."""
    found = judged(signature)
    assert not found.valid
    assert codes(found)[0] == code
    assert found.problems[0].remedy


def test_two_mistakes_at_once_are_both_named() -> None:
    """The usual pair: Python's json.dumps of what Flask had parsed, and an undecoded secret."""
    compact = f"{MESSAGE}.{NOW}.".encode() + json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    found = judged("v1," + hmac.new(BARE, compact, hashlib.sha256).hexdigest())
    assert set(codes(found)) == {"hex", "secret_not_decoded", "body_reencoded"}
    assert found.signed_content == compact


def test_a_body_that_lost_its_newline_on_the_way_is_told_so() -> None:
    """The editor's newline: it was signed, and is no longer there; or the reverse."""
    assert codes(judged(v1(CONTENT), BODY + b"\n")) == ["trailing_newline"]
    assert codes(judged(v1(CONTENT.replace(b"{", b"\xef\xbb\xbf{", 1)))) == ["byte_order_mark"]


@pytest.mark.parametrize(
    ("timestamp", "code", "words"),
    [
        (NOW - 301, "stale", "5 minutes"),
        (NOW - 86_400 * 3, "stale", "3 days old"),
        (NOW - 7_200, "stale", "2 hours"),
        (NOW + 301, "future", "in the future"),
        (NOW * 1000, "timestamp_in_milliseconds", "milliseconds"),
        ("2021-02-25T15:02:10Z", "timestamp_not_seconds", "whole number"),
        ("-5", "timestamp_not_seconds", "whole number"),
        ("9" * 5_000, "timestamp_not_seconds", "whole number"),
    ],
)
def test_each_trouble_with_the_clock_has_its_name(timestamp: object, code: str, words: str) -> None:
    """The signature itself is right."""
    given_headers = headers(v1(f"{MESSAGE}.{timestamp}.".encode() + BODY), timestamp=timestamp)
    found = explain(DIALECT, SECRET, given_headers, BODY, now=NOW)
    assert codes(found) == [code]
    assert words in found.problems[0].sentence


def test_a_time_zone_is_suspected_when_the_clock_is_off_by_whole_hours() -> None:
    """Local time taken for UTC."""
    late = headers(v1(f"{MESSAGE}.{NOW - 3600}.".encode() + BODY), timestamp=NOW - 3600)
    assert "local time" in explain(DIALECT, SECRET, late, BODY, now=NOW + 2).problems[0].remedy
    assert "local time" not in explain(DIALECT, SECRET, late, BODY, now=NOW + 400).problems[0].remedy


def test_headers_under_other_names_are_found() -> None:
    """svix-id and its like: the signature is right, the name is not."""
    renamed = {name.replace("webhook-", "Svix-"): value for name, value in headers(v1(CONTENT)).items()}
    found = explain(DIALECT, SECRET, renamed, BODY, now=NOW)
    assert codes(found) == ["wrong_header"] * 3
    assert "svix-id is there instead" in found.problems[0].sentence


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    """Each of the three."""
    rest = {other: value for other, value in headers(v1(CONTENT)).items() if other != name}
    found = explain(DIALECT, SECRET, rest, BODY, now=NOW)
    assert "missing_header" in codes(found)
    assert not found.valid


def test_another_secret_that_is_known_is_recognised() -> None:
    """After a rotation: the old one still signs."""
    old = new_secret()
    found = explain(
        DIALECT,
        SECRET,
        signed_headers(STANDARD_WEBHOOKS, [old], MESSAGE, NOW, BODY),
        BODY,
        now=NOW,
        other_secrets=[new_secret(), old],
    )
    assert codes(found) == ["other_secret"]
    assert "number 2" in found.problems[0].sentence


def test_a_secret_that_is_none_is_told_so() -> None:
    """It may explain everything else."""
    assert "unusable_secret" in codes(explain(DIALECT, "hunter2", headers(v1(CONTENT)), BODY, now=NOW))
    spaced = explain(DIALECT, f" {SECRET}\n", headers(v1(CONTENT)), BODY, now=NOW)
    assert spaced.valid and codes(spaced) == ["secret_white_space"]


def test_a_secret_with_v1_before_it_is_told_so() -> None:
    """Some dashboards show `v1,whsec_…`: the delivery is right, and so is what follows the comma."""
    found = explain(DIALECT, f"v1,{SECRET}", headers(v1(CONTENT)), BODY, now=NOW)
    assert (found.valid, codes(found)) == (True, ["secret_v1_prefix"])
    assert "v1," in found.problems[0].sentence
    assert found.expected_signature == v1(CONTENT)


@pytest.mark.parametrize(
    "key",
    [
        f"v1,{SECRET}".encode(),
        base64.b64decode(f"v1,{SECRET}="),
        base64.b64decode(f"v1,{SECRET}".replace("_", "/")),
    ],
)
def test_a_signature_made_with_v1_left_in_the_secret_is_recognised(key: bytes) -> None:
    """As text, and as decoders read it that skip what is no base64."""
    found = explain(DIALECT, f"v1,{SECRET}", headers(v1(CONTENT, key)), BODY, now=NOW)
    assert (found.valid, set(codes(found))) == (False, {"secret_v1_prefix"})


def test_a_secret_without_its_prefix_is_the_same_secret() -> None:
    """As the libraries of Standard Webhooks read it."""
    found = explain(DIALECT, SECRET.removeprefix("whsec_"), headers(v1(CONTENT)), BODY, now=NOW)
    assert (found.valid, codes(found)) == (True, ["secret_without_prefix"])


def test_signatures_that_commas_separate_are_found_all_the_same() -> None:
    """A proxy that joins headers writes commas."""
    assert judged(f"v1,{base64.b64encode(bytes(32)).decode()} {v1(CONTENT)}").valid


def test_an_explanation_can_be_sent_as_json() -> None:
    """For the wire: bytes as text."""
    shown = json.loads(json.dumps(judged(v1(BODY)).as_json()))
    assert shown["valid"] is False
    assert shown["expected_content"] == CONTENT.decode()
    assert shown["signed_content"] == BODY.decode()
    assert shown["problems"][0]["code"] == "wrong_content"


def test_a_large_body_is_judged_in_good_time() -> None:
    """One mistake at a time is tried: nobody waits for thousands of hashes of a megabyte."""
    body = json.dumps({"a": "x" * 200_000}).encode()
    signature = v1(f"{MESSAGE}.{NOW}.".encode() + body, BARE)
    assert codes(explain(DIALECT, SECRET, headers(signature), body, now=NOW)) == ["secret_not_decoded"]
