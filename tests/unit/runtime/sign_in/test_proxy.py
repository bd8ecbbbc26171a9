"""What a reverse proxy says counts only if it is one of ours."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers

from alc_app.config.settings import Config
from alc_app.runtime.sign_in.proxy import Proxies

PROXY = {"auth": "proxy", "admins": "robin@example.com"}
ROBIN = {"X-Forwarded-Email": "Robin@example.com"}
SECRET = {"X-Proxy-Secret": "s3cret"}


def named(headers: dict[str, str], peer: str = "10.0.0.1", **settings: str) -> str:
    """Who the proxy says it is; empty for nobody."""
    claims = Proxies(Config.from_env(**PROXY, **settings)).claims(Headers(headers), peer)
    return claims["email"] if claims else ""


def test_a_proxy_is_known_by_its_address() -> None:
    """Anybody else may send the header, and is nobody."""
    assert named(ROBIN, proxies="10.0.0.0/24") == "robin@example.com"
    for peer in ("10.0.1.1", "127.0.0.1", "", "unix:"):
        assert named(ROBIN, peer, proxies="10.0.0.0/24") == ""


def test_a_proxy_is_known_by_its_secret() -> None:
    """From any address."""
    assert named(ROBIN | SECRET, "192.0.2.7", proxy_secret="s3cret") == "robin@example.com"
    for wrong in ({}, {"X-Proxy-Secret": ""}, {"X-Proxy-Secret": "s3cre"}, {"X-Proxy-Secret": "é"}):
        assert named(ROBIN | wrong, proxy_secret="s3cret") == ""


def test_a_proxy_is_known_by_both_where_both_are_set() -> None:
    """One that is stolen is not enough."""
    both = {"proxies": "10.0.0.1", "proxy_secret": "s3cret"}
    assert named(ROBIN | SECRET, **both) == "robin@example.com"
    assert named(ROBIN, **both) == ""
    assert named(ROBIN | SECRET, "10.0.0.2", **both) == ""


@pytest.mark.parametrize(
    "value", ["", "robin", "robin@example.com, evil@example.com", "robin@example.com evil@example.com", "@", "a@b@c"]
)
def test_a_header_that_names_nobody_or_two_is_refused(value: str) -> None:
    """Two headers of one name arrive as one with a comma: one of them may be the browser's own."""
    assert named({"X-Forwarded-Email": value}, proxies="10.0.0.1") == ""


def test_the_header_may_have_another_name_and_groups_are_claims() -> None:
    """As oauth2-proxy, Authelia and others send them."""
    config = Config.from_env(**PROXY, proxies="10.0.0.1", proxy_header="Remote-Email")
    headers = Headers({"Remote-Email": "robin@example.com", "X-Forwarded-Groups": "sales, alc-admins"})
    claims = Proxies(config).claims(headers, "10.0.0.1")

    assert claims
    assert claims["groups"] == ["sales", "alc-admins"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "203.0.113.9:5678, 10.0.0.2:443", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::9]:5678", "2001:db8::9"),
        ("10.0.0.1", "2001:db8::9", "2001:db8::9"),
    ],
)
def test_an_address_is_believed_only_from_our_own_proxies(peer: str, forwarded_for: str, client: str) -> None:
    """U7: what a browser has written into the header stands left of what our proxy has added."""
    proxies = Proxies(Config.from_env(**PROXY, proxies="10.0.0.0/24"))

    assert proxies.client_address(peer, forwarded_for) == client
