"""The mock's database as a file."""

from pathlib import Path

from mock_alc import create_app
from mock_alc.config import Config


def test_only_its_owner_can_read_a_database(tmp_path: Path) -> None:
    """It has leads, and hashes of tokens. The journal has the same mode."""
    app = create_app(Config(home=tmp_path / "home", port=0))

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home").iterdir()}
    assert {"mock_alc.db", "mock_alc.db-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}, modes
    app.extensions["mock_alc"].close()
