"""Log outgoing HTTP calls as exchanges."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from alc_app.runtime.exchanges import redaction
from alc_app.runtime.exchanges.log import current_log

LogResponse = Callable[[requests.Response], None]


@contextmanager
def log_call(request: requests.PreparedRequest) -> Iterator[LogResponse]:
    """Log a call, if made inside `log_calls_as`. Pass its response to the yielded function."""
    exchanges = current_log()
    if exchanges is None:
        yield lambda _response: None
        return
    parts, started = urlsplit(request.url or ""), time.monotonic()
    with exchanges.call(parts.netloc, f"{request.method} {parts.path}", request=_request(request)) as answer:

        def log_response(response: requests.Response) -> None:
            answer["ms"] = round((time.monotonic() - started) * 1000, 1)
            answer["label"] = status_line(response.status_code, response.reason)
            answer["failed"] = response.status_code >= 400
            answer["response"] = _response(response)

        yield log_response


def status_line(code: int, reason: str | None = None) -> str:
    """Return a status with its phrase, such as "404 Not Found", however the server writes it."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:  # not a registered status
        return f"{code} {reason or ''}".strip()


def _request(request: requests.PreparedRequest) -> dict[str, object]:
    return {
        "method": request.method,
        "url": redaction.url(request.url or ""),
        "headers": redaction.headers(request.headers),
        "body": redaction.body(request.body, request.headers.get("Content-Type", "")),
    }


def _response(response: requests.Response) -> dict[str, object]:
    return {
        "status": response.status_code,
        "headers": redaction.headers(response.headers),
        "body": redaction.body(response.content, response.headers.get("Content-Type", "")),
    }
