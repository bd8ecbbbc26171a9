"""Serves one of the two integrations beside a running mock: `python serve.py lossy`."""

import importlib
import os
import sys

import requests

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALC_URL = os.environ.get("ALC_URL", "http://127.0.0.1:8001")
PORT = int(os.environ.get("PORT", "5000"))


def token():
    """Return an access token of the mock, without a browser."""
    return requests.post(f"{ALC_URL}/_mock/tokens", json={}, timeout=30).json()["access_token"]


def register():
    """Register the webhook, as a connection would."""
    webhook = {"name": "status", "url": f"http://127.0.0.1:{PORT}/hook", "event": "lead.processed", "secret": SECRET}
    headers = {"Authorization": f"Bearer {token()}"}
    made = requests.post(f"{ALC_URL}/api/v1/webhooks", json=webhook, headers=headers, timeout=30)
    assert made.status_code in (201, 409), made.text  # 409: it was registered before a restart


if __name__ == "__main__":
    register()
    importlib.import_module(sys.argv[1]).create_app(ALC_URL, token, SECRET).run(port=PORT, threaded=True)
