"""What the OAuth routes know of the browser: the flows that it has begun, and where a page may lead it.

Each flow has a secret in a cookie of its own, so tabs that begin flows at the same time do not disturb each other.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from flask import Response, after_this_request, current_app, request
from werkzeug.exceptions import BadRequest, MethodNotAllowed

from alc_app.config.sign_in import LOOPBACK
from alc_app.runtime.stores.oauth_flows import LIFETIME, OAuthFlows

HOME = "/"
MAX_PATH = 2000
"""Characters of a path to return to, as a `Location` has them: a proxy such as nginx accepts 4 KiB of headers."""
MAX_FLOWS = 8
"""Flows that a browser keeps, the ended ones included. More would make its requests too large for a proxy."""


class StartOver(BadRequest):
    """A 400 with an advice of its own, in place of the usual one: to reload a callback never helps."""

    def __init__(self, what: str, advice: str) -> None:
        """Take what is wrong and what to do, each as a sentence."""
        super().__init__(what)
        self.advice = advice


def refuse_head() -> None:
    """Refuse HEAD, for a blueprint whose GETs do something. Raises: MethodNotAllowed.

    Flask answers it by running the view for GET. What only looks at a link, such as a mail scanner, would use up the
    code of a callback, or begin a flow.
    """
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET", "OPTIONS"])


def begin_flow(flows: OAuthFlows, person_id: str | None = None, return_to: str = "") -> str:
    """Begin a flow, which is accepted only from this browser (O2); return the URL to send it to. Raises: OAuthFailed.

    The browser keeps the flow's secret, from the response of this request on, for as long as the flow lasts.
    """
    secret = secrets.token_urlsafe(32)
    url = flows.begin(secret, person_id, return_to)
    [state] = parse_qs(urlsplit(url).query)["state"]
    kept = [name for name in request.cookies if name.startswith(_prefix())]
    for name in kept[: max(len(kept) - MAX_FLOWS + 1, 0)]:  # browsers send the oldest first (RFC 6265 5.4)
        _forget(name)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(_cookie_of(state), secret, max_age=int(LIFETIME), **_attributes())
        return response

    return url


def flow_secret() -> str:
    """Return the secret of the flow that this request, a callback, is to end; empty if this browser has none."""
    return request.cookies.get(_cookie_of(request.args.get("state", "")), "")


def flow_secrets() -> list[str]:
    """Return the secrets of all flows that this browser keeps."""
    return [secret for name, secret in request.cookies.items() if name.startswith(_prefix())]


def forget_all_flows() -> None:
    """Have the browser forget every flow that it has begun, because the person signs out."""
    for name in request.cookies:
        if name.startswith(_prefix()):
            _forget(name)


def _forget(name: str) -> None:
    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(name, **_attributes())
        return response


def _cookie_of(state: str) -> str:
    return _prefix() + hashlib.sha256(state.encode()).hexdigest()[:16]


def _prefix() -> str:
    return "__Host-alc_app_flow_" if _is_secure() else "alc_app_flow_"


def _attributes() -> dict[str, Any]:
    return {"httponly": True, "samesite": "Lax", "secure": _is_secure()}  # as the session's cookie


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


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
    return text if is_ours and text.isprintable() and len(quote(text)) <= MAX_PATH else default
