"""Which URLs a webhook may have: protects private networks from our requests (SSRF; W5, W6)."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from mock_alc.config import is_loopback

HTTPS_PORTS = (443, 8443)
LONGEST_URL = 2_048
# `is_global` is true for all of these, but each can lead to a private address.
BLOCKED_NETWORKS = [
    ipaddress.ip_network(net)
    for net in (
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local
    )
]


class TargetRefused(ValueError):
    """This server does not send to that target; the message is a whole sentence for the caller."""


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Raise TargetRefused unless this server may send webhooks to `url`."""
    parts = _split(url)
    host = parts.hostname or ""
    addresses = _addresses(host)
    on_loopback = allow_loopback and bool(addresses) and all(_loopback(address) for address in addresses)
    if parts.scheme != "https" and not on_loopback:
        raise TargetRefused("A webhook URL must start with https://.")
    if (443 if parts.port is None else parts.port) not in HTTPS_PORTS and not on_loopback:
        raise TargetRefused(f"A webhook URL may use port {' or '.join(map(str, HTTPS_PORTS))} only.")
    for address in addresses:
        check_address(address, allow_loopback=allow_loopback)
    if not addresses and is_loopback(host):
        raise TargetRefused(f"{host} is this machine. This server sends to public addresses only.")


def check_address(address: str, *, allow_loopback: bool) -> None:
    """Raise TargetRefused unless the numeric `address` is public, or loopback where that is allowed."""
    if allow_loopback and _loopback(address):
        return
    ip = _unmapped(address)
    if not ip.is_global or ip.is_multicast or any(ip in net for net in BLOCKED_NETWORKS):
        raise TargetRefused(
            "The webhook URL leads to an address that is not public. This server sends to public addresses only."
        )


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, resolved by the operating system, so that every notation is understood."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_numeric(host: str) -> bool:
    """Return whether a host is an IP address in its usual form, for which nobody needs to be asked."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise TargetRefused("A webhook URL must be printable ASCII without spaces, at most 2048 characters long.")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises for a port that is not one)
    except ValueError as error:
        raise TargetRefused("The webhook URL cannot be read as a URL.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetRefused("A webhook URL must be absolute, such as https://example.com/hook.")
    if "@" in parts.netloc or "#" in url:
        raise TargetRefused("A webhook URL must not have a user name or a fragment.")
    return parts


def _addresses(host: str) -> list[str]:
    """Return the addresses of a host at registration; none if it does not resolve. Each connection checks again."""
    try:
        return resolve(host, 443)
    except (OSError, UnicodeError):
        return []


def _loopback(address: str) -> bool:
    return _unmapped(address).is_loopback


def _unmapped(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return (ip.version == 6 and ip.ipv4_mapped) or ip
