"""The mock without a socket: what the library `requests` sends to its URL is answered in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from flask import Flask

from mock_alc import create_app
from mock_alc.config import Config
from mock_alc.double.fault_injection import CONNECTION_FAULT

try:
    import responses
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "The fixture alc_responses needs the package responses, which is not installed. It comes with the extra "
        '`pytest` of acme-lead-checker: `pip install "acme-lead-checker[pytest]"`, or `pip install responses`. The '
        "fixture mock_alc, which listens on a port, does not need it.",
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
            ours = re.compile(f"{_origin(config.issuer)}([/?]|$)")
            for method in METHODS:
                mocked.add_callback(method, ours, lambda r: _answer(app, r))
            for prefix in OWN_MACHINE:
                mocked.add_passthru(prefix)
            with _ahead_of_other_mocks(mocked, ours):
                yield app
    finally:
        services.close()


def _origin(url: str) -> str:
    """Return the pattern of an origin; the default port of its scheme may be written out."""
    default = {"https": 443, "http": 80}[urlsplit(url).scheme]
    named = re.escape(url.removesuffix(f":{default}"))
    return named if urlsplit(url).port not in (None, default) else f"{named}(:{default})?"


@contextmanager
def _ahead_of_other_mocks(mocked: responses.RequestsMock, ours: re.Pattern[str]) -> Iterator[None]:
    """Let `mocked` answer its requests also while another mock is active: `@responses.activate` starts after it.

    What that one does not know on this machine, such as the receiver under test, is reached too.
    """
    answer = responses.RequestsMock._on_request

    def on_request(self: responses.RequestsMock, adapter: Any, request: requests.PreparedRequest, **more: Any) -> Any:
        url = str(request.url)
        if self is not mocked and (ours.match(url) or _is_left_alone(self, request)):
            return answer(mocked, adapter, request, **more)
        return answer(self, adapter, request, **more)

    with patch.object(responses.RequestsMock, "_on_request", on_request):
        yield


def _is_left_alone(other: responses.RequestsMock, request: requests.PreparedRequest) -> bool:
    """Return whether a request goes to this machine, and the other mock has no answer for its URL."""
    url = str(request.url)
    return url.startswith(OWN_MACHINE) and not any(one._url_matches(one.url, url) for one in other.registered())


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
