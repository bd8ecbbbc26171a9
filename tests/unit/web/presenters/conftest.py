"""The services of the app, with an Attio that answers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.web.factory import build
from tests.support.chaos.proxy import ChaosProxy


@pytest.fixture
def services(attio: ChaosProxy, new_home: Callable[[], Path]) -> Iterator[Services]:
    """What a process of the app shares."""
    app = build(Config.from_env(home=new_home(), attio_url=attio.url, mock_attio_token="t"))
    found: Services = app.extensions["services"]
    with app.app_context():  # as in a request
        yield found
    app.extensions["live"].stop()
    found.close()
