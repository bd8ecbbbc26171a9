"""Checks a Standard Webhooks signature and, if it is wrong, finds the most likely mistake.

Pure: no network, no clock, the standard library only. It tries common mistakes with the key, the signed string, the
body, the hash and the encoding until one of them, or several together, produce the given signature.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mock_alc.signing import mistakes
from mock_alc.signing.headers import Problem, SignedHeaders, read_headers, timestamp_problems
from mock_alc.signing.mistakes import HASHES, Variant
from mock_alc.signing.standard_webhooks import VERSION, UnusableSecret, as_written, key_of, sign

TOLERANCE = 300
LARGEST_SEARCHED = 65_536  # Bytes; larger bodies are checked for single mistakes only, since each try costs a hash.
MOST_SIGNATURES = 10


@dataclass(frozen=True)
class Explanation:
    """What is wrong, the most likely cause first, and the signed strings as far as they are known."""

    valid: bool
    problems: tuple[Problem, ...]
    expected_content: bytes | None = None
    expected_signature: str | None = None
    given_signature: str | None = None
    signed_content: bytes | None = None
    """The string that the given signature was made for, if it was found."""

    def as_json(self) -> dict[str, Any]:
        """Return JSON data; bytes that are not UTF-8 become replacement characters."""
        shown = asdict(self)
        for name in ("expected_content", "signed_content"):
            raw: bytes | None = shown[name]
            shown[name] = None if raw is None else raw.decode("utf-8", "replace")
        return shown


def explain(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance: int = TOLERANCE,
    other_secrets: Iterable[str] = (),
) -> Explanation:
    """Check one delivery.

    `now` is in Unix seconds, `tolerance` in seconds; `other_secrets` are tried if `secret` does not match.
    """
    found, problems = read_headers(headers)
    problems += timestamp_problems(found.timestamp, now, tolerance)
    problems += _secret_problems(secret)
    content = b".".join((found.message_id.encode(), found.timestamp.encode(), body))
    expected = _signature(secret, found, body)
    signed = None
    if found.signature:
        matches, signed = _match(secret, found, body, other_secrets)
        problems = [*matches, *problems]
    fatal = [problem for problem in problems if problem.fatal]
    return Explanation(not fatal, tuple(problems), content, expected, found.signature or None, signed)


def _signature(secret: str, found: SignedHeaders, body: bytes) -> str | None:
    """Return the right signature, or None if the secret or the headers cannot be used."""
    try:
        return sign(as_written(secret), found.message_id, int(found.timestamp), body) if found.message_id else None
    except ValueError:
        return None


def _secret_problems(secret: str) -> list[Problem]:
    found = []
    if secret != secret.strip():
        found.append(Problem("secret_white_space", "There is white space around the secret.", "Strip it.", fatal=False))
    text = secret.strip()
    if text.startswith(VERSION):
        sentence = "The secret has v1, before it, which names the scheme and is no part of the secret."
        found.append(Problem("secret_v1_prefix", sentence, "Begin the secret with whsec_.", fatal=False))
    elif as_written(text) != text:
        sentence = "The secret lacks whsec_ before it; it was read as if it had it."
        remedy = "Leave whsec_ on: most libraries take it off themselves, and some need it."
        found.append(Problem("secret_without_prefix", sentence, remedy, fatal=False))
    try:
        key_of(as_written(secret))
    except UnusableSecret as problem:
        remedy = "Copy the secret whole, from whsec_ to its last character."
        found.append(Problem("unusable_secret", str(problem), remedy, fatal=False))
    return found


def _match(secret: str, found: SignedHeaders, body: bytes, others: Iterable[str]) -> tuple[list[Problem], bytes | None]:
    """Return the mistakes that explain a signature of the header, and the string that it was made for."""
    header = found.signature
    given = [reading for one in header.split(" ")[:MOST_SIGNATURES] for reading in mistakes.macs(one)]
    if "," in header.replace("v1,", ""):
        given += [reading for one in header.split(",") for reading in mistakes.macs(one.strip())]
    if not given or all(one.startswith("v1a,") for one in header.split(" ")):
        return [_unreadable(header)], None
    for attempt in _attempts(secret, found, body, others):
        for reading in given:
            if hmac.compare_digest(attempt.mac, reading.value):
                parts = (reading, *attempt.parts)
                return [Problem(part.code, part.sentence, part.remedy) for part in parts if part.code], attempt.content
    return [_unexplained()], None


@dataclass(frozen=True)
class _Attempt:
    mac: bytes
    content: bytes
    parts: tuple[Variant, ...]


def _attempts(secret: str, found: SignedHeaders, body: bytes, others: Iterable[str]) -> Iterator[_Attempt]:
    """Yield candidate signatures: the right one first, then those with one mistake, then with more."""
    keys = [*mistakes.keys(secret), *_other_keys(others)]
    contents = list(_contents(found, body))
    plans = [
        (len([part for part in (key, *parts, hashed) if part.code]), key, content, parts, hashed)
        for key in keys
        for content, parts in contents
        for hashed in _HASHED
    ]
    most = 4 if len(body) <= LARGEST_SEARCHED else 1
    for number, key, content, parts, hashed in sorted(plans, key=lambda plan: plan[0]):
        if number <= most:
            mac = hmac.new(key.value, content, HASHES[hashed.value.decode()]).digest()
            yield _Attempt(mac, content, (key, *parts, hashed))


def _contents(found: SignedHeaders, body: bytes) -> Iterator[tuple[bytes, tuple[Variant, ...]]]:
    large = len(body) > LARGEST_SEARCHED
    for body_variant in mistakes.bodies(body):
        for variant in mistakes.contents(found.message_id, found.timestamp, body_variant.value):
            if not (large and body_variant.code and variant.code):
                yield variant.value, (body_variant, variant)


def _other_keys(others: Iterable[str]) -> Iterator[Variant]:
    remedy = "Use the secret of this very webhook; after a rotation, accept the old and the new one for a while."
    for number, other in enumerate(others, 1):
        for key in mistakes.keys(other):
            if not key.code:
                sentence = f"The signature was made with another secret: number {number} of those given besides."
                yield Variant(key.value, "other_secret", sentence, remedy)


_HASHED = (
    Variant(b"sha256"),
    *(
        Variant(name.encode(), "wrong_hash", f"The signature is an HMAC with {name.upper()}.", "Use HMAC-SHA256.")
        for name in HASHES
        if name != "sha256"
    ),
)


def _unreadable(header: str) -> Problem:
    if header.startswith("v1a,"):
        sentence = "The signature is v1a, an asymmetric one, for which a public key (whpk_…) is needed."
        return Problem("asymmetric", sentence, "Ask the sender for symmetric signatures, or verify with Ed25519.")
    sentence = "The header webhook-signature holds nothing that can be read as a signature."
    return Problem("unreadable_signature", sentence, "Write v1, a comma, and the standard base64 of the 32 bytes.")


def _unexplained() -> Problem:
    return Problem(
        "no_match",
        "The signature fits none of the ways in which this secret could have signed these bytes: "
        "the secret is another one, or the body, the id or the timestamp was changed after signing.",
        "Compare the secret with the one shown when the webhook was registered (a rotation changes it), "
        "and make sure that the body is the raw one: no proxy, parser or log has rewritten it.",
    )
