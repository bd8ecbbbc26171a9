"""The settings: typed, described, and refusing what would be dangerous."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from mock_alc.config import Config

EVERYWHERE = "0.0.0.0"  # noqa: S104 (nothing is bound here)


def test_the_environment_is_read_when_a_config_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values given win over the environment; lists are separated by commas."""
    monkeypatch.setenv("MOCK_ALC_PORT", "9999")
    monkeypatch.setenv("MOCK_ALC_DECIDE_AFTER", "")
    monkeypatch.setenv("MOCK_ALC_CLIENT_ID", "app")
    monkeypatch.setenv("MOCK_ALC_REDIRECT_URIS", "https://a.example/cb, https://b.example/cb")
    monkeypatch.setenv("MOCK_ALC_RETRY_SCHEDULE", "0,0.5")
    config = Config(host="localhost")
    assert (config.port, config.decide_after, config.retry_schedule) == (9999, 6.0, (0.0, 0.5))
    assert config.redirect_uris == ("https://a.example/cb", "https://b.example/cb")
    assert config.issuer == "http://localhost:9999"


def test_every_setting_is_described() -> None:
    """The README's table is made of these."""
    assert [name for name, field in Config.model_fields.items() if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"control": True},
        {"allow_loopback_targets": True},
        {"demo_password": "let-me-in"},
    ],
)
def test_production_refuses_what_is_for_development(settings: dict[str, object]) -> None:
    """W6, U9: at start, with a sentence."""
    with pytest.raises(ValidationError, match=r"production|Production"):
        Config(env="production", **({"demo_password": "own-one", "home": "."} | settings))


@pytest.mark.parametrize("setting", ["control", "allow_loopback_targets"])
def test_a_public_url_refuses_what_trusts_this_machine(setting: str) -> None:
    """W6, W12: a proxy stands before the server then, and every request comes from loopback."""
    with pytest.raises(ValidationError, match=r"at https://alc\.example\.com: "):
        Config(url="https://alc.example.com", **{setting: True})
    assert getattr(Config(url="http://[::1]:8001", **{setting: True}), setting)


@pytest.mark.parametrize(
    "url",
    [
        "http://alc.example",
        "https://alc.example/path",
        "https://u@alc.example",
        "ftp://alc.example",
        "https://a.example?x",
    ],
)
def test_the_issuer_is_an_https_origin_or_on_loopback(url: str) -> None:
    """A16: Authlib would refuse every request otherwise, later and less clearly."""
    with pytest.raises(ValidationError):
        Config(url=url)


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({}, True),
        ({"host": EVERYWHERE}, False),
        ({"host": EVERYWHERE, "allow_loopback_targets": True}, True),
        ({"allow_loopback_targets": False}, False),
        ({"url": "https://alc.example.com"}, False),
        ({"url": "http://localhost:9000"}, True),
        ({"env": "production", "demo_password": "own-one", "home": "."}, False),
    ],
)
def test_loopback_targets_follow_the_bind_address_unless_said(settings: dict[str, object], allowed: bool) -> None:
    """W6: only a server that listens on loopback alone trusts loopback."""
    assert Config(**settings).loopback_targets_allowed is allowed


def test_secrets_do_not_show_in_complaints_or_in_the_repr() -> None:
    """U8: not even one of the wrong kind, which the error would quote."""
    assert "hunter2" not in repr(Config(client_id="a", client_secret="hunter2"))
    with pytest.raises(ValidationError) as caught:
        Config(client_secret=["hunter2"])  # wrong on purpose
    assert "hunter2" not in str(caught.value)


def test_state_is_in_memory_unless_a_home_or_a_url_is_given(tmp_path: Path) -> None:
    """In memory by default; production requires a database that survives a restart."""
    assert Config().database == "sqlite://"
    assert Config(home=tmp_path).database == f"sqlite:///{tmp_path / 'mock_alc.db'}"
    assert Config(home=tmp_path, database_url="postgresql://a/b").database == "postgresql://a/b"
    with pytest.raises(ValidationError, match="Data in memory is lost"):
        Config(env="production", demo_password="own-one")


def test_white_space_around_a_variable_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that comes from a file ends with a line break, and may begin with a byte order mark."""
    monkeypatch.setenv("MOCK_ALC_CLIENT_SECRET", "\ufeffs3cret\n")
    monkeypatch.setenv("MOCK_ALC_CLIENT_ID", " ")

    assert Config().client_secret.get_secret_value() == "s3cret"
    assert Config().client_id == ""


def test_a_home_that_the_locale_cannot_read_is_refused(tmp_path: Path) -> None:
    """Under LC_ALL=C Python keeps the bytes as half characters, which no database URL can have."""
    with pytest.raises(ValidationError, match="The path of the home has characters that this locale cannot read"):
        Config(home=tmp_path / "h\udcfc")


@pytest.mark.parametrize("name", ["h?x", "h%20x"])
def test_a_home_that_a_database_url_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    """The files would lie elsewhere."""
    with pytest.raises(ValidationError, match="The path of the home must not contain"):
        Config(home=tmp_path / name)
