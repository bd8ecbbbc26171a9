"""The server's key and what it seals."""

import stat
from pathlib import Path

import pytest

from mock_alc.base.sealing import KeyUnusable, Sealer, key_from_home


def test_a_sealed_text_opens_for_its_owner_only() -> None:
    """O17's rule: a value moved to another row, or under another key, does not open."""
    sealed = Sealer("key").seal("whsec_x", owner="wh_1")
    assert "whsec_x" not in sealed
    assert Sealer("key").open(sealed, owner="wh_1") == "whsec_x"
    for sealer, owner in ((Sealer("key"), "wh_2"), (Sealer("other"), "wh_1")):
        with pytest.raises(KeyUnusable):
            sealer.open(sealed, owner=owner)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """U11: 0600, never a constant."""
    key = key_from_home(tmp_path / "home")
    assert key_from_home(tmp_path / "home") == key != key_from_home(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / "home" / "mock_alc_secret_key").stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """O18's rule, with advice."""
    key_from_home(tmp_path)
    (tmp_path / "mock_alc_secret_key").chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        key_from_home(tmp_path)
