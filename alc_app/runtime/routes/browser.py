"""What the OAuth routes know of the browser: an id of its own, and where a page may lead it."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import request, session

from alc_app.config.sign_in import LOOPBACK

HOME = "/"


def browser_id() -> str:
    """Return the secret id of this browser, which its session cookie keeps. A flow is ended where it began (O2)."""
    found: str = session.setdefault("browser", secrets.token_urlsafe(32))
    return found


def is_other_loopback_name(base_url: str) -> bool:
    """Return whether the browser reached us by another name of this machine than the one in `base_url`.

    The server sends it back to `base_url`, where it does not send a cookie that was set under the other name.
    """
    own = urlsplit(base_url)
    asked = urlsplit(f"//{request.host}").hostname
    return own.netloc != request.host and asked in LOOPBACK and own.hostname in LOOPBACK


def own_path(text: str, default: str = HOME) -> str:
    """Return `text` if it is a path of this app, with or without a query; else `default` (U6).

    A path of the sign-in itself, or of connecting, would lead in circles.
    """
    is_ours = text.startswith("/") and not text.startswith(("//", "/sign-in", "/connections/")) and "\\" not in text
    return text if is_ours and text.isprintable() and len(text) <= 2000 else default
