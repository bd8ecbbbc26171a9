"""Log webhook deliveries as exchanges: the request, our response, and why it was refused (tutorial step Later 10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from werkzeug.wrappers import Request, Response

from alc_app.runtime.exchanges import redaction
from alc_app.runtime.exchanges.http_calls import status_line
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.signatures.schemes import Scheme

SHOWN_ID_CHARACTERS = 6
"""Characters shown of a handler's id. The whole URL is a secret (R18)."""


class LoggedRequest(Request):
    """The request of a delivery, and why it was refused, which only the inspector shows."""

    why_refused = ""


@contextmanager
def log_delivery(
    exchanges: ExchangeLog, scheme: Scheme, request: LoggedRequest
) -> Iterator[Callable[[Response], Response]]:
    """Log a delivery. Pass our response to the yielded function, which records and returns it."""
    if not exchanges.takes_delivery():
        yield lambda response: response
        return
    started = time.monotonic()
    logged = {
        "method": request.method,
        "url": _masked(request.url),
        "headers": redaction.headers(dict(request.headers)),
        "body": request.get_data().decode("utf-8", "replace")[: redaction.MAX_BODY],
    }
    with exchanges.call(scheme.receiver, "Calls the app's webhook", sender=scheme.sender, request=logged) as answer:

        def log_response(response: Response) -> Response:
            answer["ms"] = round((time.monotonic() - started) * 1000, 1)
            answer["label"] = status_line(response.status_code)
            answer["failed"] = response.status_code >= 400
            answer["why"] = request.why_refused
            body = response.get_data(as_text=True)
            answer["response"] = {"status": response.status_code, "headers": dict(response.headers), "body": body}
            return response

        yield log_response


def _masked(url: str) -> str:
    address, _, handler_id = url.rpartition("/")
    return f"{address}/{handler_id[:SHOWN_ID_CHARACTERS]}…"
