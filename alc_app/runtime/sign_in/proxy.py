"""What reverse proxies say: who somebody is (ALC_APP_AUTH=proxy), and from which address a request comes.

Anybody can send these headers. They count only from a proxy that is known by its address, by a secret, or by both.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

from alc_app.config.settings import Config
from alc_app.config.sign_in import lower_ascii, read_networks

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ISSUER = "proxy"
"""The issuer of people whom a proxy has signed in."""
SECRET_HEADER, GROUPS_HEADER = "X-Proxy-Secret", "X-Forwarded-Groups"
PEER = "alc_app.peer"
"""Key of the WSGI environment: the address that has connected to us, a proxy or the browser itself."""
_ADDRESS = re.compile(r"[^\s,@]+@[^\s,@]+")
_HOP = re.compile(r"\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+):\d+")
"""An address of X-Forwarded-For with a port, as some gateways write it."""


class Proxies:
    """The reverse proxies of the settings."""

    def __init__(self, config: Config) -> None:
        """Read which they are, and how they are known."""
        self._networks = read_networks(config.proxies)
        self._secret, self._header = config.proxy_secret.get_secret_value(), config.proxy_header

    def claims(self, headers: Headers, peer: str) -> dict[str, Any] | None:
        """Return what the proxy says about who sends a request; None if it names nobody, or is not one of ours."""
        if self._secret and not hmac.compare_digest(headers.get(SECRET_HEADER, "").encode(), self._secret.encode()):
            return None
        email = lower_ascii(headers.get(self._header, ""))
        if (self._networks and not self.is_known(peer)) or not _ADDRESS.fullmatch(email):
            return None
        groups = [group.strip() for group in headers.get(GROUPS_HEADER, "").split(",") if group.strip()]
        return {"sub": email, "email": email, "email_verified": True, "groups": groups}

    def is_known(self, address: str) -> bool:
        """Tell whether an address is that of a proxy of ours."""
        try:
            return any(ip_address(address) in network for network in self._networks)
        except ValueError:
            return False

    def client_address(self, peer: str, forwarded_for: str) -> str:
        """Return the address that a request comes from: the last one in X-Forwarded-For that is no proxy of ours."""
        for hop in reversed([_without_port(hop.strip()) for hop in forwarded_for.split(",") if hop.strip()]):
            if not self.is_known(peer):
                break
            peer = hop
        return peer

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """Wrap a WSGI app: its `REMOTE_ADDR` is the address that a request comes from."""

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ[PEER] = peer = environ.get("REMOTE_ADDR", "")
            environ["REMOTE_ADDR"] = self.client_address(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
            return app(environ, start_response)

        return serve


def _without_port(hop: str) -> str:
    found = _HOP.fullmatch(hop)
    return (found["v6"] or found["v4"]) if found else hop
