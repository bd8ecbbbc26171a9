"""Whether a request was sent by a program on this machine, and not through a proxy or a tunnel."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

FORWARDING_HEADERS = {
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-host",
    "x-real-ip",
}
"""Headers that proxies and tunnels add, in lower case (RFC 7239, RFC 9110 7.6.3, and those in common use)."""


def is_from_this_machine() -> bool:
    """Return whether the peer is on loopback and no header says that it forwards for somebody else.

    Behind a proxy or a tunnel, the peer is the proxy: its address says nothing about the sender.
    """
    return _is_loopback(request.remote_addr or "") and not _is_forwarded()


def is_to_this_machine() -> bool:
    """Return whether the Host header names this machine.

    A web page can be at a name of its own that leads here (DNS rebinding). What it reads is of its own origin then, so
    the browser sends no Origin header.
    """
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:  # such as a bracket that is never closed
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_forwarded() -> bool:
    names = {name.lower() for name in request.headers.keys()}  # noqa: SIM118 (werkzeug iterates over pairs)
    return bool(names & FORWARDING_HEADERS) or any(name.startswith("x-forwarded") for name in names)
