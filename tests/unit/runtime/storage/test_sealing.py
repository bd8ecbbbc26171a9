"""Sealing: bound to a place, unsealed by old keys too, and no new key is created while secrets exist."""

import pytest
from cryptography.fernet import Fernet

from alc_app.config.settings import Config
from alc_app.runtime.storage.sealing import CannotUnseal, KeyMissing, Sealer

K1, K2 = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HERE, THERE = "connection/1/access_token", "connection/2/access_token"


def test_what_is_sealed_is_opened_in_its_place_only() -> None:
    """O17: rows that were swapped fail."""
    sealer = Sealer([K1])
    sealed = sealer.seal(HERE, "canary\0with NUL")

    assert "canary" not in sealed
    assert sealer.unseal(HERE, sealed) == "canary\0with NUL"
    with pytest.raises(CannotUnseal, match="another place"):
        sealer.unseal(THERE, sealed)


def test_equal_secrets_look_different() -> None:
    """O17: the ciphertext does not show which connections share a token."""
    sealer = Sealer([K1])

    assert sealer.seal(HERE, "x") != sealer.seal(HERE, "x")


def test_the_first_key_seals_and_any_opens() -> None:
    """O18, O19: k2,k1 opens what k1 sealed; k1 alone does not open what they seal."""
    old, both = Sealer([K1]), Sealer([K2, K1])

    assert both.unseal(HERE, old.seal(HERE, "x")) == "x"
    with pytest.raises(CannotUnseal, match="ALC_APP_KEYS"):
        old.unseal(HERE, both.seal(HERE, "x"))


@pytest.mark.parametrize("sealed", ["", "x", "gAAAA" * 20, "ü"])
def test_what_was_never_sealed_cannot_be_opened(sealed: str) -> None:
    """O19: one error, whatever is in the row."""
    with pytest.raises(CannotUnseal):
        Sealer([K1]).unseal(HERE, sealed)


def test_keys_come_from_the_setting_or_from_a_file_that_is_kept(config: Config) -> None:
    """O18: made once; the setting wins, and makes no file."""
    given = Sealer.from_config(config.model_copy(update={"keys": type(config.keys)(f" {K2} ,{K1},")}), in_use=True)
    assert given.unseal(HERE, Sealer([K1]).seal(HERE, "x")) == "x"
    assert not (config.home / "sealing_key").exists()

    made = Sealer.from_config(config, in_use=False)
    assert Sealer.from_config(config, in_use=True).unseal(HERE, made.seal(HERE, "x")) == "x"


def test_a_key_that_is_gone_is_not_replaced_in_silence(config: Config) -> None:
    """O18: refuse to start, and say what to do."""
    with pytest.raises(KeyMissing, match="ALC_APP_KEYS"):
        Sealer.from_config(config, in_use=True)
    assert not (config.home / "sealing_key").exists()
