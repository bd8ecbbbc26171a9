"""What programs turn a body into before they sign it: other line ends, JSON written anew, a `repr`, nothing at all."""

import base64
import hashlib
import html
import json
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote_plus, urlencode

from mock_alc.signing.variant import Variant

LARGEST_REENCODED = 262_144
"""Bytes; larger bodies are not written anew."""
RAW = "Sign and verify the bytes as sent, before anything parses them."
LINE_ENDS = f"{RAW} Line ends and trailing newlines are part of the signed bytes."
MOST_FIELDS = 40
"""Of an object with more fields, none is tried alone."""
BOM = b"\xef\xbb\xbf"
Spelling = tuple[str, dict[str, Any]]
SPELLINGS: list[Spelling] = [
    ("compact, as JSON.stringify writes it", {"separators": (",", ":")}),
    ("with spaces after commas and colons, as Python's json.dumps writes it", {}),
    ("indented by two", {"indent": 2}),
    ("indented by four", {"indent": 4}),
]


def bodies(body: bytes) -> Iterator[Variant]:
    """Yield the body, then what programs commonly turn it into, each once."""
    yield Variant(body)
    seen = {body}
    for value, code, sentence, remedy in _changed(body):
        if value not in seen:
            seen.add(value)
            yield Variant(value, code, sentence, remedy)


def _changed(body: bytes) -> Iterator[tuple[bytes, str, str, str]]:
    for changes, remedy in ((_line_ends, LINE_ENDS), (_stand_ins, RAW), (_other_encodings, RAW)):
        for value, code, what in changes(body):
            yield value, code, f"The signature was made {what}.", remedy
    if len(body) <= LARGEST_REENCODED:
        for value, code, what in (*_reprs(body), *_forms(body), *_json(body)):
            yield value, code, f"The signature was made over {what}.", RAW


def _line_ends(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    unix = body.replace(b"\r\n", b"\n")
    yield body.rstrip(b"\r\n"), "trailing_newline", "without the newline at the end of the body here"
    yield body + b"\n", "trailing_newline", "with a newline after the body"
    yield body + b"\r\n", "trailing_newline", "with a line end (CRLF) after the body"
    yield unix, "line_ends", "with LF where the body here has CRLF"
    yield unix.replace(b"\n", b"\r\n"), "line_ends", "with CRLF where the body here has LF"
    yield body.removeprefix(BOM), "byte_order_mark", "without the byte order mark of the body here"
    yield BOM + body, "byte_order_mark", "with a byte order mark before the body"
    yield body.strip(), "white_space", "without the white space around the body here"


def _stand_ins(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    yield b"", "empty_body", "over an empty body: it was read before, or not at all"
    for text in (b"[object Object]", b"undefined", b"null", b"None", b"{}"):
        yield text, "body_lost", f"over the text {text.decode()!r} in place of the body: it was parsed, or missing"
    digest = hashlib.sha256(body)
    yield digest.hexdigest().encode(), "body_hashed", "over the SHA-256 of the body, in hex, in place of the body"
    yield digest.digest(), "body_hashed", "over the SHA-256 of the body in place of the body"


def _other_encodings(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    with suppress(UnicodeDecodeError):
        text = body.decode()
        yield text.encode("latin-1", "replace"), "body_encoding", "over the body in Latin-1 instead of UTF-8"
        yield text.encode("utf-16-le"), "body_encoding", "over the body in UTF-16 instead of UTF-8"
        yield text.encode("ascii", "ignore"), "body_encoding", "over the body without its non-ASCII letters"
        yield text.encode("ascii", "replace"), "body_encoding", "with ? for the non-ASCII letters"
        for form in ("NFC", "NFD"):
            other = unicodedata.normalize(form, text).encode()
            yield other, "body_encoding", f"over the body in another Unicode form ({form})"
        yield html.escape(text).encode(), "body_escaped", "over the body with &quot; for quotation marks, as in HTML"
        yield html.escape(text, quote=False).encode(), "body_escaped", "over the body with &lt; for <, as in HTML"
        yield html.unescape(text).encode(), "body_escaped", "over the body without its HTML escapes"
        yield quote(text).encode(), "body_escaped", "over the body with % escapes, as in a URL"
    twice = body.decode("latin-1").encode()
    yield twice, "body_encoding", "over the body after its UTF-8 was read as Latin-1 and encoded once more"
    yield base64.b64encode(body), "body_base64", "over the base64 of the body, as some gateways hand it over"
    with suppress(ValueError):
        yield base64.b64decode(body, validate=True), "body_base64", "over the bytes that this body encodes as base64"


def _reprs(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield what a body becomes as text when a program prints the object instead of decoding the bytes."""
    yield repr(body).encode(), "body_repr", "Python's b'…' of the body: decode the bytes, or join bytes with bytes"
    yield repr(bytearray(body)).encode(), "body_repr", "Python's bytearray(…) of the body"
    numbers = [str(byte) for byte in body]
    yield f"[{' '.join(numbers)}]".encode(), "body_repr", "Go's %v of the body, a list of numbers"
    yield ",".join(numbers).encode(), "body_repr", "the numbers of the bytes, as a Uint8Array becomes text"
    node = f'{{"type":"Buffer","data":[{",".join(numbers)}]}}'.encode()
    yield node, "body_repr", "JSON.stringify of a Buffer in Node"


def _forms(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield what becomes of a form that was parsed: written anew, decoded, as JSON, or its field `payload`."""
    if not body.isascii() or b"=" not in body:
        return
    text = body.decode()
    for blank, what in (
        (True, "this form, encoded again"),
        (False, "this form, encoded again, without its empty fields"),
    ):
        yield urlencode(parse_qsl(text, keep_blank_values=blank)).encode(), "body_reencoded", what
    yield unquote_plus(text).encode(), "body_reencoded", "this form with its % escapes decoded"
    for separators in ((",", ":"), (", ", ": ")):
        fields = dict(parse_qsl(text, keep_blank_values=True))
        yield json.dumps(fields, separators=separators).encode(), "body_reencoded", "this form as JSON"
    for value in parse_qs(text).get("payload", []):
        yield value.encode(), "body_reencoded", "the field payload of this form, not the form"


def _json(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for how, written in (*_spelled(value), *_as_others_write(value)):
        yield written.encode("utf-8", "surrogatepass"), "body_reencoded", f"this JSON, serialized again: {how}"
    twice = json.dumps(body.decode("utf-8", "replace"))
    yield twice.encode(), "body_reencoded", "the body as a JSON text inside a JSON text"
    if isinstance(value, dict) and len(value) <= MOST_FIELDS:
        yield repr(value).encode("utf-8", "replace"), "body_repr", "Python's str() of the parsed body: {'…': …}"
        for name, part in value.items():
            for how, written in _spelled(part):
                what = f"the field {name} alone, {how}"
                yield written.encode("utf-8", "surrogatepass"), "part_of_body", what


def _spelled(value: Any) -> Iterator[tuple[str, str]]:
    for how, options in SPELLINGS:
        for ascii_only, letters in ((False, ""), (True, ", with \\u escapes")):
            for sort, order in ((False, ""), (True, ", with sorted keys")):
                yield f"{how}{letters}{order}", json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, **options)


def _as_others_write(value: Any) -> Iterator[tuple[str, str]]:
    """Yield JSON with the escapes of PHP, Go and Rails, and with numbers as JavaScript writes them."""
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    php = json.dumps(value, separators=(",", ":"))
    yield "with \\/ and \\u escapes, as PHP's json_encode writes it", php.replace("/", "\\/")
    yield "with \\/ for /", compact.replace("/", "\\/")
    for ordered, order in (
        (compact, ""),
        (json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True), ", with sorted keys"),
    ):
        escaped = "".join({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}.get(sign, sign) for sign in ordered)
        yield f"with \\u003c for < and similar, as Go and Rails write it{order}", escaped
    whole = json.dumps(_whole_numbers(value), ensure_ascii=False, separators=(",", ":"))
    yield "with 1 for 1.0, as JavaScript writes numbers", whole
    spaced = json.dumps(value, ensure_ascii=False, separators=(", ", ":"))
    yield "with spaces after commas only", spaced


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
