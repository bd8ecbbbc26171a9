"""Settings of the sign-in: strangers are kept out by default, and whoever runs the app is told what to set."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.config.sign_in import Rule, read_rules
from tests.support.sign_in import SIGN_IN
from tests.unit.config.test_settings import SAFE

PROXY = {"auth": "proxy", "admins": "robin@example.com"}


def test_production_without_a_sign_in_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """U4: by every process, and the sentence says what to set."""
    for name, value in (SAFE | {"auth": "none", "home": str(tmp_path)}).items():
        monkeypatch.setenv(Config.model_fields[name].alias or "", value)

    for command in ("serve", "worker"):
        said = CliRunner().invoke(main, [command])
        assert said.exit_code == 1
        assert "\n  ALC_APP_AUTH must be `oidc` or `proxy` in production: without a sign-in" in said.output


@pytest.mark.parametrize(
    "reachable",
    [{"host": "0.0.0.0"}, {"host": "10.0.0.11"}, {"url": "https://alc.example.com"}],  # noqa: S104 - refused
)
def test_without_a_sign_in_only_this_machine_is_served(reachable: dict[str, str]) -> None:
    """A tunnel or a port that is open to the network would let everybody in."""
    with pytest.raises(ValidationError, match="ALC_APP_AUTH must be `oidc` or `proxy` unless host and URL"):
        Config.from_env(**reachable)
    assert Config.from_env(**reachable, **SIGN_IN).auth == "oidc"


@pytest.mark.parametrize("name", ["oidc_issuer", "oidc_client_id", "oidc_client_secret"])
def test_a_provider_needs_all_of_its_settings(name: str) -> None:
    """Each that is missing is named."""
    with pytest.raises(ValidationError, match=f"{Config.model_fields[name].alias} must be set"):
        Config.from_env(**{**SIGN_IN, name: ""})


@pytest.mark.parametrize("issuer", ["http://login.example.com", "login.example.com", "https://", "https://[::1"])
def test_a_provider_is_reached_by_https(issuer: str) -> None:
    """O7: its answers say who somebody is. On this machine plain http will do."""
    with pytest.raises(ValidationError, match="ALC_APP_OIDC_ISSUER must be an https address"):
        Config.from_env(**{**SIGN_IN, "oidc_issuer": issuer})
    assert Config.from_env(**{**SIGN_IN, "oidc_issuer": "http://127.0.0.1:8003"})


@pytest.mark.parametrize("settings", [SIGN_IN, {**PROXY, "proxies": "10.0.0.1"}])
def test_somebody_must_be_an_admin(settings: dict[str, str]) -> None:
    """Else nobody could connect ALC."""
    with pytest.raises(ValidationError, match="ALC_APP_ADMINS must name an admin"):
        Config.from_env(**{**settings, "admins": " , "})


def test_a_proxy_must_be_known_by_its_secret_or_its_address() -> None:
    """A header could come from anybody."""
    with pytest.raises(ValidationError, match="ALC_APP_PROXIES or ALC_APP_PROXY_SECRET must be set"):
        Config.from_env(**PROXY)
    with pytest.raises(ValidationError, match="ALC_APP_PROXIES must be addresses or networks"):
        Config.from_env(**PROXY, proxies="nginx.internal")
    assert Config.from_env(**PROXY, proxies="10.0.0.1, fd00::/8")
    assert Config.from_env(**PROXY, proxy_secret="s")


def test_who_may_is_written_by_address_domain_or_claim() -> None:
    """Addresses and domains are compared in lower case; a claim is compared as it is."""
    assert read_rules("X", "Robin@Example.com, @Example.com,groups=Sales Team, *") == (
        Rule("email", "robin@example.com"),
        Rule("domain", "example.com"),
        Rule("groups", "Sales Team"),
        Rule("sub", None),
    )


@pytest.mark.parametrize("entry", ["robin", "@", "robin@", "a@b@c", "=x", "groups=", "example.com"])
def test_a_rule_that_means_nothing_is_refused(entry: str) -> None:
    """It would keep somebody out, or let somebody in, without anybody noticing."""
    with pytest.raises(ValidationError, match=r"ALC_APP_MEMBERS must be like robin@example\.com"):
        Config.from_env(**SIGN_IN, members=entry)
