"""Sign a body as a sender does: the headers of a delivery, in any dialect."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterable
from uuid import uuid4

from mock_alc.signing.dialects import Dialect, dialect_named

_FIELD = re.compile(rb"\{(id|timestamp|body)\}")


def sign(
    dialect: str, secret: str, body: bytes, *, message_id: str | None = None, timestamp: int | None = None
) -> dict[str, str]:
    """Return the headers of a signed delivery, such as `sign("attio", secret, body)`.

    `message_id` is made up if it is None; `timestamp` is in Unix seconds, by default now. A dialect that has neither
    ignores them. Raises: UnknownDialect, UnusableSecret.
    """
    row = dialect_named(dialect)
    moment = int(time.time()) if timestamp is None else timestamp
    return signed_headers(row, [row.secret.tidy(secret)], message_id or new_message_id(row), moment, body)


def signed_headers(
    dialect: Dialect, secrets: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers of a delivery, with one signature for each secret (W9). Raises: UnusableSecret."""
    content = fill(dialect.content, message_id, str(timestamp), body)
    texts = [write_signature(dialect, dialect.secret.check(secret), content) for secret in secrets]
    return write_headers(dialect, message_id, str(timestamp), texts)


def write_headers(dialect: Dialect, message_id: str, timestamp: str, signatures: Iterable[str]) -> dict[str, str]:
    """Return the headers that hold these signatures, whatever they are."""
    stamp = [f"{dialect.timestamp_prefix}{timestamp}"] if dialect.timestamp_prefix else []
    values = {"id": message_id, "timestamp": timestamp, "signature": dialect.separator.join([*stamp, *signatures])}
    named = {name: values[role] for role, name in dialect.header_names.items()}
    return named | dict.fromkeys(dialect.copies, values["signature"])


def write_signature(dialect: Dialect, key: bytes, content: bytes) -> str:
    """Return one signature of the content as the dialect writes it, such as `v1,…`."""
    return dialect.prefix + dialect.encoding.write(hmac.digest(key, content, hashlib.sha256))


def fill(template: str, message_id: str, timestamp: str, body: bytes) -> bytes:
    """Return the template with its `{id}`, `{timestamp}` and `{body}` filled in."""
    values = {
        b"id": message_id.encode("utf-8", "replace"),
        b"timestamp": timestamp.encode("utf-8", "replace"),
        b"body": body,
    }
    return _FIELD.sub(lambda field: values[field[1]], template.encode())


def new_message_id(dialect: Dialect) -> str:
    """Return a new id of a message."""
    return f"{dialect.id_prefix}{uuid4()}"
