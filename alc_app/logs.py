"""What is logged, and what never is: tokens, signing secrets and codes are masked wherever they would appear (U8)."""

from __future__ import annotations

import logging
import re

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
TIME = "%H:%M:%S"
_SECRETS = re.compile(
    r"(?i)(whsec_|Bearer |Basic |[?&](?:code|state|token)="
    r"|(?:access_token|refresh_token|client_secret|code_verifier)['\"]?[=:] ?['\"]?)"
    r"[A-Za-z0-9+/=_.~%-]{4,}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class MaskSecrets(logging.Formatter):
    """Masks what looks like a secret in a finished line, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRETS.sub(r"\1…", super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Show what could forge or hide a line, such as a line break in a text of ALC's, as its escape."""
        record.message = _CONTROL.sub(lambda found: ascii(found.group())[1:-1], record.message)
        return super().formatMessage(record)


def adopt(name: str) -> None:
    """Let a library's logger speak through ours: its own handler masks nothing."""
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = True


def set_up(level: int = logging.INFO) -> None:
    """Log to standard error, masked. Libraries that log tokens when they debug are kept at INFO (bar U8)."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskSecrets(FORMAT, TIME))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("authlib", "urllib3", "dbos"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
