"""The mock without a socket: what the library `requests` sends to its URL is answered in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask

from mock_alc import create_app
from mock_alc.config import Config
from mock_alc.web.fault_answers import CONNECTION_FAULT

try:
    import responses
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "The fixture alc_responses stands on the package responses, which is not installed. It comes with the extra "
        '`pytest` of acme-lead-checker: `pip install "acme-lead-checker[pytest]"`, or `pip install responses`. The '
        "fixture mock_alc, which listens on a port, does without.",
        name=missing.name,
    ) from None

URL = "https://api.acmeleadchecker.ai"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
LOCAL = ("control", "allow_loopback_targets")
OWN_MACHINE = ("http://127.0.0.1", "http://localhost", "https://127.0.0.1", "https://localhost")


@contextmanager
def answer_in_process(**settings: Any) -> Iterator[Flask]:
    """Answer requests to `https://api.acmeleadchecker.ai`, or to another `url`, while the block runs.

    Requests to loopback addresses still go over the network.
    """
    config = Config(**{"url": URL, "database_url": "sqlite://", **settings, **dict.fromkeys(LOCAL, False)})
    # A Config refuses these with a public URL. Here nothing listens, so only this process can use them.
    config = config.model_copy(update={name: settings.get(name, True) for name in LOCAL})
    app = create_app(config)
    services = app.extensions["mock_alc"]
    services.worker.start()
    try:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
            for method in METHODS:
                mocked.add_callback(method, re.compile(re.escape(config.issuer) + "(/|$)"), lambda r: _answer(app, r))
            for prefix in OWN_MACHINE:
                mocked.add_passthru(prefix)
            yield app
    finally:
        services.close()


def _answer(app: Flask, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
    """Answer one request; faults of the connection are raised as `requests` would raise them."""
    parts = urlsplit(str(request.url))
    wire: dict[str, Any] = {}
    answer = app.test_client().open(
        f"{parts.path or '/'}?{parts.query}",
        method=request.method,
        headers=dict(request.headers),
        data=_bytes(request.body),
        base_url=f"{parts.scheme}://{parts.netloc}",
        environ_overrides={CONNECTION_FAULT: wire},
    )
    if wire.get("trouble") == "drop":
        raise requests.ConnectionError("Connection aborted: the remote end closed it without a response.")
    if wire.get("trouble") == "cut":
        raise requests.exceptions.ChunkedEncodingError("Connection broken in the middle of the body.")
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return answer.status_code, headers, answer.get_data()


def _bytes(body: Any) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    return body.encode() if isinstance(body, str) else b"".join(body)
