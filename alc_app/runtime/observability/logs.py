"""Logging: secrets and phone numbers are masked wherever they appear (U8, U12).

Each line carries the id of its trace (attio/host/trace.py), so that one `grep` finds all lines of a trace.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from alc_app.attio.host import trace

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
TIME = "%H:%M:%S"
# Each begins with a look at one character, which is quick where there is nothing to mask, as nearly everywhere.
_SECRETS = re.compile(
    r"(?i)(?=[wbv?&acr])(whsec_|Bearer |Basic |\bv1,|[?&](?:code|state|token)="
    r"|(?:access_token|refresh_token|client_secret|code_verifier)['\"]?[=:] ?['\"]?)"
    r"[A-Za-z0-9+/=_.~%-]{4,}"
)
_PHONE_NUMBER = re.compile(r"(?i)(?=[+%])(?<!\w)(\+|%2B)[1-9](?:[ ().-]{0,2}[0-9]){6,14}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NOT_EXTRA = {*logging.makeLogRecord({}).__dict__, "message", "asctime"}


def mask(text: str) -> str:
    """Return the text with everything masked that looks like a secret or an international phone number."""
    return _PHONE_NUMBER.sub(r"\1…", _SECRETS.sub(r"\1…", text))


def visible(text: str) -> str:
    """Return the text with its control characters escaped, by which it could forge a line, or command a terminal."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)


class TextFormatter(logging.Formatter):
    """A line that ends with the first 8 characters of the trace id; a traceback follows below."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record and mask it."""
        return mask(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Escape control characters, such as a line break in a text from ALC."""
        record.message = visible(record.message)
        return f"{super().formatMessage(record)} {trace.trace_id()[:8]}".rstrip()


class JsonFormatter(logging.Formatter):
    """One JSON object a line: the fixed fields, those passed as `extra=`, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as JSON and mask its texts."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace.trace_id() or None,
            **{name: value for name, value in vars(record).items() if name not in _NOT_EXTRA},
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        plain = (bool, int, float)
        return json.dumps(
            {name: v if isinstance(v, plain) else mask(str(v)) for name, v in fields.items() if v is not None}
        )


def propagate_to_root(name: str) -> None:
    """Remove the handlers of a library's logger, which mask nothing, so that ours format its lines."""
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = True


def configure(level: str = "INFO", form: str = "text") -> None:
    """Log to standard error, masked. Libraries log from WARNING on, because some log tokens at DEBUG (U8)."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(FORMAT, TIME))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("alembic", "authlib", "urllib3", "dbos", "waitress"):
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits for a thread
