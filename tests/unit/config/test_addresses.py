"""The addresses that the web process saves in the home, and other commands load."""

from __future__ import annotations

from pathlib import Path

import pytest

from alc_app.config.addresses import save_addresses
from alc_app.config.settings import Config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of an app that was started at other addresses than the default ones."""
    config = Config.from_env(home=tmp_path, port=8310, alc_url="http://127.0.0.1:8311", mock_attio_port=8312)
    save_addresses(config.home, config.addresses)
    return tmp_path


def test_a_command_beside_the_app_finds_it_by_its_home(home: Path) -> None:
    """Otherwise the doctor would assume the default address, and change every webhook to it."""
    found = Config.from_env(saved_addresses=True, home=home)

    assert found.base_url == "http://127.0.0.1:8310"
    assert found.alc_url == "http://127.0.0.1:8311"
    assert found.attio_origin == "http://127.0.0.1:8312"
    assert found.has_labs


def test_the_app_itself_comes_up_where_it_is_told_to(home: Path) -> None:
    """The web process does not use saved addresses."""
    assert Config.from_env(home=home).base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("said", [{"port": 9000}, {"url": "http://127.0.0.1:9000"}])
def test_what_somebody_says_wins(home: Path, said: dict[str, object]) -> None:
    """A flag or a variable; the other saved addresses still hold."""
    found = Config.from_env(saved_addresses=True, home=home, **said)

    assert found.base_url == "http://127.0.0.1:9000"
    assert found.alc_url == "http://127.0.0.1:8311"


def test_a_real_attio_is_never_the_stand_in_of_yesterday(home: Path) -> None:
    """With a token, requests go to the real Attio."""
    assert (
        Config.from_env(saved_addresses=True, home=home, attio_api_token="real").attio_origin == "https://api.attio.com"
    )


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"ALC_URL": null}'])
def test_a_home_that_tells_nothing_is_no_trouble(tmp_path: Path, text: str | None) -> None:
    """No app has run here, or the file is damaged."""
    if text is not None:
        (tmp_path / "addresses.json").write_text(text)

    assert Config.from_env(saved_addresses=True, home=tmp_path).alc_url == "http://127.0.0.1:8001"


def test_a_home_that_takes_no_file_stops_nobody(tmp_path: Path) -> None:
    """Saving is optional: the app runs without it."""
    save_addresses(tmp_path / "none", {"ALC_URL": "http://127.0.0.1:8001"})
