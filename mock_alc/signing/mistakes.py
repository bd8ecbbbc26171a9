"""Common mistakes in signing and verifying, each as a variant that `explain` tries.

Pure: yields variants of the key, the signed string, the body and the encoded signature.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from mock_alc.signing.standard_webhooks import PREFIX, VERSION

HASHES = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "sha512": hashlib.sha512}
LARGEST_REENCODED = 262_144
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")


@dataclass(frozen=True)
class Variant:
    """Bytes that result from one mistake, with its description; without a `code`, from no mistake."""

    value: bytes
    code: str = ""
    sentence: str = ""
    remedy: str = ""


def keys(secret: str) -> Iterator[Variant]:
    """Yield the key in the secret, then those that result from decoding it wrongly."""
    given = secret.strip()
    text = given.removeprefix(VERSION)
    bare = text.removeprefix(PREFIX)
    decode = "Take the secret without whsec_, decode it as base64, and use the bytes as the key."
    with suppress(ValueError):
        yield Variant(_decoded(bare))
    yield Variant(
        bare.encode(),
        "secret_not_decoded",
        "The secret was used as text, without whsec_ but not base64-decoded.",
        decode,
    )
    yield Variant(text.encode(), "secret_not_decoded", "The secret was used as text, with its whsec_ prefix.", decode)
    yield from _carelessly_decoded(text, decode)
    if given != text:
        yield from _with_version(given)
    if secret != given:
        sentence = "The secret was used with the white space around it, as a file or a variable holds it."
        yield Variant(secret.encode(), "secret_white_space", sentence, f"Strip the secret. {decode}")
    if HEX.fullmatch(bare):
        yield Variant(bytes.fromhex(bare), "secret_from_hex", "The secret was decoded as hex.", decode)


def _with_version(text: str) -> Iterator[Variant]:
    """Yield what results when `v1,` is left before the secret: as text, and from decoders that skip other signs."""
    sentence = "The secret was used with the v1, before whsec_, which is no part of it."
    remedy = "Take the secret without v1,whsec_, decode it as base64, and use the bytes as the key."
    yield Variant(text.encode(), "secret_v1_prefix", sentence, remedy)
    for variant in _carelessly_decoded(text.replace(",", ""), remedy):
        yield Variant(variant.value, "secret_v1_prefix", sentence, remedy)


def _carelessly_decoded(text: str, decode: str) -> Iterator[Variant]:
    """Yield what lenient base64 decoders return for the whole text: they skip the underscore, or read it as a slash."""
    sentence = "The secret was base64-decoded together with its whsec_ prefix."
    for whole in (text.replace("_", ""), text.replace("_", "/").replace("-", "+")):
        with suppress(ValueError):
            yield Variant(_decoded(whole[: -1 if len(whole) % 4 == 1 else None]), "prefix_decoded", sentence, decode)


def bodies(body: bytes) -> Iterator[Variant]:
    """Yield the body, then what programs commonly turn it into."""
    yield Variant(body)
    raw = "Sign and verify the bytes as they are sent, before anything reads them as JSON or text."
    line_end = "line ends and trailing newlines are part of what is signed."
    for other, code, what in (
        (body.rstrip(b"\r\n"), "trailing_newline", "without the newline at the end of the body here"),
        (body + b"\n", "trailing_newline", "with a newline after the body"),
        (body + b"\r\n", "trailing_newline", "with a line end (CRLF) after the body"),
        (body.replace(b"\r\n", b"\n"), "line_ends", "with LF where the body here has CRLF"),
        (body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), "line_ends", "with CRLF where the body here has LF"),
        (body.removeprefix(b"\xef\xbb\xbf"), "byte_order_mark", "without the byte order mark of the body here"),
        (b"\xef\xbb\xbf" + body, "byte_order_mark", "with a byte order mark before the body"),
        (body.strip(), "white_space", "without the white space around the body here"),
        (b"", "empty_body", "over an empty body: it had been read before, or was not read at all"),
    ):
        if other != body:
            yield Variant(other, code, f"The signature was made {what}.", f"{raw} Mind that {line_end}")
    if len(body) <= LARGEST_REENCODED:
        yield from _reencoded(body, raw)


def _reencoded(body: bytes, raw: str) -> Iterator[Variant]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    spellings = [
        ("compact, as JSON.stringify writes it", {"separators": (",", ":")}),
        ("with spaces after commas and colons, as Python's json.dumps writes it", {}),
        ("indented by two", {"indent": 2}),
        ("indented by four", {"indent": 4}),
    ]
    for how, options in spellings:
        for ascii_only, letters in ((False, ""), (True, ", with \\u escapes")):
            for sort, order in ((False, ""), (True, ", with sorted keys")):
                text = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, **options)  # type: ignore[arg-type]
                sentence = f"The signature is for this JSON written anew: {how}{letters}{order}."
                other = text.encode("utf-8", "surrogatepass")
                if other != body:
                    yield Variant(other, "body_reencoded", sentence, raw)
    twice = json.dumps(body.decode("utf-8", "replace")).encode()
    yield Variant(twice, "body_reencoded", "The signature is for the body as a JSON text inside a JSON text.", raw)


def contents(message_id: str, timestamp: str, body: bytes) -> Iterator[Variant]:
    """Yield `id.timestamp.body`, then the strings that similar schemes sign."""
    i, t = message_id.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace")
    yield Variant(b".".join((i, t, body)))
    remedy = "Sign the id, a full stop, the timestamp, a full stop and the raw body, in this order."
    for other, what in (
        (body, "the body alone, without id and timestamp"),
        (t + b"." + body, "timestamp.body, without the id (as Stripe does)"),
        (i + b"." + body, "id.body, without the timestamp"),
        (b".".join((t, i, body)), "timestamp.id.body: the id comes first"),
        (i + t + body, "id, timestamp and body without the full stops between them"),
        (b":".join((b"v0", t, body)), "v0:timestamp:body (as Slack does)"),
        (b":".join((i, t, body)), "id:timestamp:body, with colons for full stops"),
        (b".".join((i, t, hashlib.sha256(body).hexdigest().encode())), "the hash of the body for the body"),
    ):
        yield Variant(other, "wrong_content", f"The signature was made over {what}.", remedy)
    if timestamp.isascii() and timestamp.isdigit():
        for name, changed in (("milliseconds", f"{timestamp}000"), ("seconds", timestamp[:-3])):
            sentence = f"The signature was made over the timestamp in {name}; the header says otherwise."
            other = b".".join((i, changed.encode(), body))
            yield Variant(other, "timestamp_differs", sentence, "Sign the very text of the header webhook-timestamp.")


def macs(signature: str) -> Iterator[Variant]:
    """Yield the bytes of one signature in the header, in every plausible encoding, the right one first."""
    form = "Write v1, a comma, and the standard base64 of the 32 bytes."
    version, comma, value = signature.partition(",")
    if comma and version == "v1":
        with suppress(ValueError):
            yield Variant(base64.b64decode(value, validate=True))
    for prefix in ("v1,", "v1=", "v1:", "sha256=", ""):
        if signature.startswith(prefix):
            yield from _readings(signature.removeprefix(prefix), right_prefix=prefix == "v1,", remedy=form)


def _readings(value: str, *, right_prefix: bool, remedy: str) -> Iterator[Variant]:
    prefixed = "" if right_prefix else " and lacks v1, before it"
    if HEX.fullmatch(value):
        yield Variant(bytes.fromhex(value), "hex", f"The signature is hex where base64 belongs{prefixed}.", remedy)
    if not right_prefix:
        with suppress(ValueError):
            decoded = base64.b64decode(value, validate=True)
            yield Variant(decoded, "no_v1", "The signature lacks v1, before it.", remedy)
    with suppress(ValueError):
        decoded = _decoded(value.replace("-", "+").replace("_", "/"))
        sentence = f"The signature is base64url, or without its padding{prefixed}."
        yield Variant(decoded, "base64url", sentence, remedy)
        with suppress(ValueError):
            inner = bytes.fromhex(decoded.decode("ascii"))
            yield Variant(inner, "hex", f"The signature is the base64 of hex digits{prefixed}.", remedy)


def _decoded(text: str) -> bytes:
    """Decode base64, with or without padding; raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("This is not base64.") from error
