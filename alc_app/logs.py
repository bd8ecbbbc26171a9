"""What is logged, and what never is: tokens, signing secrets and codes are masked wherever they would appear (U8)."""

from __future__ import annotations

import logging
import re
from typing import Any

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
TIME = "%H:%M:%S"
_SECRETS = re.compile(
    r"(?i)(whsec_|Bearer |Basic |[?&](?:code|state|token)="
    r"|(?:access_token|refresh_token|client_secret|code_verifier)['\"]?[=:] ?['\"]?)"
    r"[A-Za-z0-9+/=_.~%-]{4,}"
)
GRANIAN: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": FORMAT, "datefmt": TIME}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}


class MaskSecrets(logging.Formatter):
    """Masks what looks like a secret in a finished line, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRETS.sub(r"\1…", super().format(record))


def set_up(level: int = logging.INFO) -> None:
    """Log to standard error, masked. Libraries that log tokens when they debug are kept at INFO (bar U8)."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskSecrets(FORMAT, TIME))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("authlib", "urllib3", "dbos"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
