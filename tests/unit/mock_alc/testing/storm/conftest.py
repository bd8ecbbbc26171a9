"""A storm over the small integration, which is given no real time."""

from collections.abc import Callable

import pytest

from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import Storm, ending
from tests.support.little_app import SECRET, LittleApp


@pytest.fixture
def no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    """These integrations recover at once or never."""
    monkeypatch.setattr(ending, "RECOVERY", 0.0)


@pytest.fixture
def storm_over(mock_alc: Alc) -> Callable[..., Storm]:
    """A storm over the integration with a mistake, or over the honest one."""

    def make(mistake: str = "", **options: object) -> Storm:
        app = LittleApp(mock_alc.url, mock_alc.token, mistake)
        mock_alc.register_webhook(mock_alc.serve(app.web) + "/hook", secret=SECRET)
        return Storm(mock_alc, **{"click": app.click, "status": app.status, "patience": 0.0, **options})

    return make
