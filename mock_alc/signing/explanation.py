"""Checks a signature in any dialect and, if it is wrong, finds the most likely mistake.

Pure: no network, the standard library only. It tries common mistakes with the key, the signed string, the body, the
hash and the encoding until one of them, or several together, produce the given signature.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations, islice, product
from typing import Any

from mock_alc.signing.dialects import Dialect, dialect_named
from mock_alc.signing.headers import Problem, SignedHeaders, read_headers, timestamp_problems
from mock_alc.signing.mistakes.bodies import bodies
from mock_alc.signing.mistakes.contents import stamps, templates
from mock_alc.signing.mistakes.macs import MACS, Mac
from mock_alc.signing.mistakes.readings import readings
from mock_alc.signing.signatures import fill, signed_headers
from mock_alc.signing.standard_webhooks import VERSION, UnusableSecret
from mock_alc.signing.variant import Variant

MOST_TRIES = 20_000
MOST_BYTES = 200_000_000
"""How much is hashed at most, in all tries together."""
MOST_MISTAKES = 3
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
    dialect: str,
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
    tolerance: int | None = None,
    other_secrets: Iterable[str] = (),
    most_mistakes: int = MOST_MISTAKES,
) -> Explanation:
    """Check one delivery, and name the likeliest mistake.

    `now` is in Unix seconds, by default the clock; `tolerance` in seconds, by default the dialect's. `other_secrets`
    are tried if `secret` does not match. The search takes up to `most_mistakes` of a sender together; 0 only checks.
    Raises: UnknownDialect.
    """
    row = dialect_named(dialect)
    found, problems = read_headers(headers, row)
    allowed = tolerance if tolerance is not None and row.tolerance is not None else row.tolerance
    problems += timestamp_problems(found.timestamp, time.time() if now is None else now, allowed)
    problems += _secret_problems(secret, row)
    content = fill(row.content, found.message_id, found.timestamp, body)
    signed = None
    if found.signature:
        matches, signed = _match(secret, found, body, other_secrets, row, most_mistakes=most_mistakes)
        problems = [*matches, *problems]
    fatal = [problem for problem in problems if problem.fatal]
    expected = _signature(secret, found, body, row)
    return Explanation(not fatal, tuple(problems), content, expected, found.signature or None, signed)


def verify(
    dialect: str,
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
    tolerance: int | None = None,
) -> bool:
    """Return whether a delivery is signed with the secret, and fresh; `explain` says why not.

    Raises: UnknownDialect.
    """
    return explain(dialect, secret, headers, body, now=now, tolerance=tolerance, most_mistakes=0).valid


def _signature(secret: str, found: SignedHeaders, body: bytes, dialect: Dialect) -> str | None:
    """Return the right signature, or None if the secret or the headers cannot be used."""
    needed = {"{id}": found.message_id, "{timestamp}": found.timestamp}
    if not all(value for field, value in needed.items() if field in dialect.content):
        return None
    try:
        moment = int(found.timestamp) if "{timestamp}" in dialect.content else 0
        headers = signed_headers(dialect, [dialect.secret.tidy(secret)], found.message_id, moment, body)
    except ValueError:
        return None
    return headers[dialect.signature_header]


def _secret_problems(secret: str, dialect: Dialect) -> list[Problem]:
    found = []
    form, text = dialect.secret, secret.strip()
    if secret != text:
        found.append(Problem("secret_white_space", "The secret has white space around it.", "Strip it.", fatal=False))
    if form.prefix and text.startswith(VERSION):
        sentence = "The secret has v1, before it. That names the scheme and is not part of the secret."
        found.append(Problem("secret_v1_prefix", sentence, f"Begin the secret with {form.prefix}.", fatal=False))
    elif not text.startswith(form.prefix):
        sentence = f"The secret does not start with {form.prefix}{form.without_prefix}."
        remedy = f"Keep {form.prefix}: most libraries remove it themselves, and some need it."
        found.append(Problem("secret_without_prefix", sentence, remedy, fatal=False))
    try:
        form.check(form.tidy(secret))
    except UnusableSecret as problem:
        remedy = "Copy the whole secret."
        found.append(Problem("unusable_secret", str(problem), remedy, fatal=False))
    return found


def _match(
    secret: str, found: SignedHeaders, body: bytes, others: Iterable[str], dialect: Dialect, *, most_mistakes: int
) -> tuple[list[Problem], bytes | None]:
    """Return the mistakes that explain a signature of the header, and the string that it was made for."""
    given = {reading.value: reading for reading in reversed(_readings(found, dialect))}
    if not given:
        return [_unreadable(found, dialect)], None
    for mac, content, parts in _attempts(secret, found, body, others, dialect, most_mistakes=most_mistakes):
        if mac in given:
            named = [part for part in (given[mac], *parts) if part.code]
            return [Problem(part.code, part.sentence, part.remedy) for part in named], content
    return [_unexplained(dialect)], None


def _readings(found: SignedHeaders, dialect: Dialect) -> list[Variant]:
    """Return the readings of every signature; those of a header that a proxy has joined with commas come last."""
    if all(text.startswith("v1a,") for text in found.signatures):
        return []
    separate = found.signatures[:MOST_SIGNATURES]
    joined = [part.strip() for part in found.signature.replace("v1,", "v1=").split(",")[:MOST_SIGNATURES]]
    texts = [*separate, *(part.replace("v1=", dialect.prefix, 1) for part in joined if len(joined) > 1)]
    return [reading for text in texts for reading in readings(text, dialect)]


def _attempts(
    secret: str, found: SignedHeaders, body: bytes, others: Iterable[str], dialect: Dialect, *, most_mistakes: int
) -> Iterator[tuple[bytes, bytes, tuple[Variant | Mac, ...]]]:
    """Yield candidate signatures, what they sign, and the mistakes in them; those with the fewest come first."""
    dimensions: list[list[tuple[Any, Variant | Mac]]] = [
        [(key.value, key) for key in (*dialect.secret.keys(secret), *_other_keys(others, dialect))],
        [(text.value, text) for text in bodies(body)],
        [(template.value.decode(), template) for template in templates(dialect)],
        list(stamps(found.message_id, found.timestamp, dialect)),
        [(mac.compute, mac) for mac in MACS],
    ]
    tries = min(MOST_TRIES, max(MOST_BYTES // (len(body) + 100), sum(map(len, dimensions))))
    for key, text, template, stamp, mac in islice(_by_mistakes(dimensions, most_mistakes), tries):
        message_id, timestamp = stamp[0]
        content = fill(template[0], message_id, timestamp, text[0])
        yield mac[0](key[0], content), content, (key[1], text[1], template[1], stamp[1], mac[1])


def _by_mistakes(
    dimensions: list[list[tuple[Any, Variant | Mac]]], most_mistakes: int
) -> Iterator[tuple[tuple[Any, Variant | Mac], ...]]:
    """Yield one choice of each dimension, those with the fewest mistakes first."""
    right = [[choice for choice in choices if not choice[1].code] for choices in dimensions]
    wrong = [[choice for choice in choices if choice[1].code] for choices in dimensions]
    for number in range(most_mistakes + 1):
        for mistaken in combinations(range(len(dimensions)), number):
            yield from product(*(wrong[at] if at in mistaken else right[at] for at in range(len(dimensions))))


def _other_keys(others: Iterable[str], dialect: Dialect) -> Iterator[Variant]:
    remedy = "Use the secret of this webhook. After a rotation, accept the old and the new secret for a while."
    for number, other in enumerate(others, 1):
        for key in dialect.secret.keys(other):
            if not key.code:
                sentence = f"The signature was made with another secret: number {number} of the other secrets given."
                yield Variant(key.value, "other_secret", sentence, remedy)


def _unreadable(found: SignedHeaders, dialect: Dialect) -> Problem:
    if found.signature.startswith("v1a,"):
        sentence = "The signature is v1a, which is asymmetric and needs a public key (whpk_…)."
        return Problem("asymmetric", sentence, "Ask the sender for symmetric signatures, or verify with Ed25519.")
    sentence = f"The header {dialect.signature_header} has no readable signature."
    remedy = f"Write {dialect.prefix or 'nothing but'} the 32 bytes as {dialect.encoding.words}."
    return Problem("unreadable_signature", sentence, remedy)


def _unexplained(dialect: Dialect) -> Problem:
    return Problem(
        "no_match",
        "This secret did not sign these bytes in any known way. Either the secret is another one, or the bytes were "
        "changed afterwards.",
        f"{dialect.sender} signs {dialect.signs}. Compare the secret with the one shown when the webhook was "
        f"registered (a rotation changes it), and use the raw body, which no proxy, parser or log has rewritten.",
    )
