"""What the demo would start, without starting it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from alc_app.cli.demo import plan
from alc_app.config.settings import Config


@pytest.mark.parametrize(
    ("alc_url", "host", "port"),
    [
        ("http://127.0.0.1:8001", "127.0.0.1", "8001"),
        ("http://localhost:9001", "localhost", "9001"),
        ("http://[::1]:9001", "::1", "9001"),
        ("http://127.0.0.1", "127.0.0.1", "80"),
    ],
)
def test_alc_listens_where_the_app_looks_for_it(tmp_path: Path, alc_url: str, host: str, port: str) -> None:
    """Any address of this machine."""
    [alc] = [server for server in plan(Config.from_env(home=tmp_path, alc_url=alc_url), 6) if server.name == "mock_alc"]

    settings = {name: alc.environment[f"MOCK_ALC_{name}"] for name in ("URL", "HOST", "PORT")}
    assert settings == {"URL": alc_url, "HOST": host, "PORT": port}


@pytest.mark.parametrize(
    "alc_url", ["https://api.acmeleadchecker.ai", "https://127.0.0.1:8001", "http://10.0.0.5:8001"]
)
def test_an_alc_elsewhere_is_refused(tmp_path: Path, alc_url: str) -> None:
    """The demo runs its own; it would wait for ever for another to answer."""
    with pytest.raises(click.ClickException, match="ALC_URL must be on this machine"):
        plan(Config.from_env(home=tmp_path, alc_url=alc_url), 6)
