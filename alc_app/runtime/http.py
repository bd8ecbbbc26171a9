"""The only place in alc_app that opens `requests`: sessions that cannot be led astray, held up or flooded.

No redirects (bar O8), nothing from the environment (O9), one total deadline and a bounded answer (O10).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

from alc_app.attio.errors import FetchAnswerLost, FetchNotSent
from alc_app.attio.http import FetchResponse

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
TOTAL_TIMEOUT = 15.0
MAX_ANSWER = 1024 * 1024
POOL_SIZE = 32

S = TypeVar("S", bound=requests.Session)


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer against one deadline, and no more of it than the cap."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        deadline = time.monotonic() + TOTAL_TIMEOUT
        response = super().send(request, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), verify=kwargs["verify"])
        try:
            response._content = self._read(response, deadline)  # what `requests` itself sets after reading
        finally:
            response.close()
        return response

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        # read1() returns what is there; read() would wait for a whole block from a peer that drips bytes.
        while chunk := response.raw.read1(16 * 1024, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise requests.ConnectionError("The answer is larger than 1 MiB.")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("The answer took longer than 15 seconds in all.")
        return bytes(body)


def harden(session: S) -> S:
    """Give any session, Authlib's included, our bounds; returns it."""
    session.trust_env = False
    session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]  # a 3xx is an answer
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(pool_maxsize=POOL_SIZE))
    return session


class Http:
    """Calls to the outside, with errors that tell "never sent" from "maybe done"."""

    def __init__(self) -> None:
        self._session = harden(requests.Session())

    def request(self, method: str, url: str, *, headers: Mapping[str, str], json: Any = None) -> FetchResponse:
        """One call. Raises: FetchNotSent, FetchAnswerLost."""
        try:
            response = self._session.request(method, url, headers=dict(headers), json=json)
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise FetchNotSent(str(error)) from error
        except requests.ConnectionError as error:
            raise (FetchNotSent if _never_connected(error) else FetchAnswerLost)(str(error)) from error
        except requests.RequestException as error:
            raise FetchAnswerLost(str(error)) from error
        return FetchResponse(response.status_code, response.headers, response.text)


def _never_connected(error: requests.ConnectionError) -> bool:
    """Did it fail before a connection stood? urllib3 says so by the kind of the innermost error."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
