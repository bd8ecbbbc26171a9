"""The stand-in's database, where it meets one of another version."""

import sqlite3
from pathlib import Path

from alc_app.mock_attio.app import create_app
from tests.unit.mock_attio.conftest import TOKEN, Attio, Clock, config_for


def test_a_database_of_an_older_version_is_filled_again(tmp_path: Path) -> None:
    """A table without a column that this version wants: the stand-in starts with its seed, not with an error."""
    path = tmp_path / "mock_attio.db"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE attio_list (list_id TEXT PRIMARY KEY, api_slug TEXT)")
        old.execute("CREATE TABLE attio_list_entry (entry_id TEXT, list_id TEXT REFERENCES attio_list (list_id))")
        old.execute("INSERT INTO attio_list VALUES ('1', 'sales')")
    old.close()

    app = create_app(config_for(Clock(), database_url=f"sqlite:///{path}"))

    attio = Attio(app, Clock(), TOKEN)
    assert attio.ok("GET", "/v2/lists") == []
    assert attio.names({"limit": 1}) == ["Ada Lovelace"]
    app.extensions["mock_attio"].database.close()


def test_only_its_owner_can_read_a_database(tmp_path: Path) -> None:
    """It has tokens and the webhooks' secrets. The journal has the same mode."""
    app = create_app(config_for(Clock(), database_url=f"sqlite:///{tmp_path / 'mock_attio.db'}"))

    with app.extensions["mock_attio"].database.writing():
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    app.extensions["mock_attio"].database.close()


def test_a_database_of_this_version_keeps_what_was_written(tmp_path: Path) -> None:
    """A second start leaves the data as they are."""
    config = config_for(Clock(), database_url=f"sqlite:///{tmp_path / 'mock_attio.db'}")
    for _ in range(2):
        app = create_app(config)
        attio = Attio(app, Clock(), TOKEN)
        attio.ok("POST", "/v2/objects/people/records", {"data": {"values": {}}})
        app.extensions["mock_attio"].database.close()

    assert len(Attio(create_app(config), Clock(), TOKEN).names({})) == 27
