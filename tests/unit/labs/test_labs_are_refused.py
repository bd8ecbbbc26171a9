"""Labs and the naive code are absent in production, and with any Attio but the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alc_app import create_app
from alc_app.config.settings import Config
from tests.support.sign_in import SIGN_IN

REAL_ATTIO = {"attio_api_token": "a-real-token"}
PRODUCTION = {
    "url": "https://app.test", "alc_url": "https://alc.test", "env": "production", **REAL_ATTIO, **SIGN_IN
}  # fmt: skip
ELSEWHERE = {"attio_url": "https://attio.test"}


@pytest.mark.parametrize("settings", [PRODUCTION, REAL_ATTIO, ELSEWHERE], ids=["production", "real Attio", "elsewhere"])
def test_labs_need_development_and_the_stand_in(settings: dict[str, str], tmp_path: Path) -> None:
    """There are no pages, no runs, no route of the naive webhook, and no file that kills a process."""
    config = Config.from_env(home=tmp_path, alc_client_secret="s", **settings)
    assert config.kill_once is None
    app = create_app(config)
    browser = app.test_client()
    try:
        nothing = 404 if config.auth == "none" else 401
        assert browser.get("/labs", base_url=config.base_url).status_code == nothing
        assert browser.get("/labs/double-click", base_url=config.base_url).status_code == nothing
        assert "/naive" not in str(app.url_map)
        assert "/labs" not in str(app.url_map)
    finally:
        app.extensions["services"].close()


def test_the_naive_program_refuses_too() -> None:
    """`python -m alc_app.labs.naive` with a real Attio in the environment."""
    refused = subprocess.run(
        [sys.executable, "-m", "alc_app.labs.naive"],
        env={**os.environ, "ATTIO_API_TOKEN": "a-real-token"},
        input="{}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "nowhere else" in refused.stderr
