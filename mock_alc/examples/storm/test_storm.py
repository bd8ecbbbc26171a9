"""The integration on twenty hostile days."""

import requests
from lossy import create_app

from mock_alc.testing.storm import Storm

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_it_survives_hostile_days(mock_alc):
    """No promise is broken, whatever happens."""
    url = mock_alc.serve(create_app(mock_alc.url, mock_alc.token, SECRET))
    mock_alc.register_webhook(f"{url}/hook", secret=SECRET)

    def click(person):
        requests.post(f"{url}/send/{person}", timeout=30).raise_for_status()

    def status(person):
        return requests.get(f"{url}/status/{person}", timeout=30).json()["status"]

    Storm(mock_alc, click=click, status=status).run(days=20, number=294)
