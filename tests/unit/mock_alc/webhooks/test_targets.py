"""Where webhooks may point."""

import pytest

from mock_alc.webhooks import targets
from mock_alc.webhooks.targets import TargetRefused, check_address, check_url

PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "192.88.99.1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "::ffff:10.0.0.1", "::10.0.0.1", "2001:db8::1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("allow_loopback", [True, False])
def test_addresses_that_are_not_public_are_refused_whatever_is_allowed(address: str, allow_loopback: bool) -> None:
    """W5, W6: the loopback switch opens no private range."""
    with pytest.raises(TargetRefused):
        check_address(address, allow_loopback=allow_loopback)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_open_only_by_the_switch(address: str) -> None:
    """W6: else a stranger could have ALC call this machine."""
    check_address(address, allow_loopback=True)
    with pytest.raises(TargetRefused):
        check_address(address, allow_loopback=False)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111"])
def test_public_addresses_are_fine(address: str) -> None:
    """W5: nothing is refused that anyone may call."""
    check_address(address, allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14/", "https://u:p@93.184.215.14/", "https://93.184.215.14:22/", "https://93.184.215.14:0/", "ftp://93.184.215.14/",
        "//93.184.215.14/", "https://", "https://93.184.215.14/#f", "https://93.184.215.14:99999/", "https://[::1/",
        "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
        "https://[::ffff:7f00:1]/", "https://10.1/", "https://exämple.com/", "https://a b/", "https://a\\@127.0.0.1/",
        "https://127.0.0.1\t/", "https://" + "a" * 2050,
    ],
)  # fmt: skip
def test_urls_that_are_not_plain_public_https_are_refused(url: str) -> None:
    """W5: in any spelling."""
    with pytest.raises(TargetRefused):
        check_url(url, allow_loopback=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost:8000/hooks/1", "https://[::1]:9443/"])
def test_the_switch_lets_plain_http_go_to_any_port_of_this_machine(url: str) -> None:
    """W6: https stays required everywhere else."""
    check_url(url, allow_loopback=True)
    with pytest.raises(TargetRefused):
        check_url("http://93.184.215.14/", allow_loopback=True)


def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """W5: one bad address among good ones is enough."""
    monkeypatch.setattr(targets, "resolve", lambda _host, _port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(TargetRefused):
        check_url("https://rebound.example/", allow_loopback=False)


def test_a_name_without_an_address_today_may_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """W5: it is judged again, by its address, at each connection."""

    def fail(_host: str, _port: int) -> list[str]:
        raise OSError

    monkeypatch.setattr(targets, "resolve", fail)
    check_url("https://soon.example/hook", allow_loopback=False)
