"""What the objects of the pytest fixtures have in common: faults, time, requests, and serving the code under test."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from flask import Flask
from werkzeug.test import TestResponse

from mock_alc.base.refusals import error_text
from mock_alc.double import matching
from mock_alc.double.services import Double
from mock_alc.double.serving import LocalServer

Json = dict[str, Any]
TEST = "mock_alc test"
"""The User-Agent of what a test itself asks of a mock."""
__tracebackhide__ = matching.__tracebackhide__


class Refused(AssertionError):
    """The mock did not do what the test asked of it; the message is its answer."""


class Driver:
    """Drives one mock from a test. Its time is virtual: `wait_until_idle` and `advance` let days pass at once.

    A test that freezes or shifts the time does not move it. Only `webhook-timestamp` shows the test's time, because the
    receiver compares it with that.
    """

    name: ClassVar[str]
    """Whom the mock plays."""

    def __init__(self, app: Flask, url: str) -> None:
        """Wrap the application of a mock whose background work runs, and which answers at `url`."""
        self.app, self.url = app, url
        self._double: Double = app.extensions["double"]
        self._double.clock.go_on_steadily()
        self._served: list[LocalServer] = []

    def serve(self, app: Callable[..., Any]) -> str:
        """Run a WSGI application, such as the receiver under test, until the test ends; returns its URL.

        Raises TypeError for anything else, such as an ASGI application.
        """
        self._served.append(LocalServer(app))
        return self._served[-1].url

    def fail_next(
        self, where: str, trouble: str | None = None, *, status: int | None = None,
        headers: Mapping[str, str] | None = None, body: Any = None, **more: Any,
    ) -> Json:  # fmt: skip
        """Make the next request or delivery fail.

        `where` is a route (`"POST /api/v1/leads"`) or an event (`"lead.processed"`, `"*"`). What goes wrong is a
        `status` with `headers` and `body`, by default 503 in the server's own form; or a `trouble` such as drop,
        rate_limited, garbage; or for events bad_signature, duplicate, lost…
        `times`, `skip`, `match`, `effect` and the other fields of `POST /_mock/faults` may be given.
        Raises TypeError for a part of an answer where there is none: beside a trouble, or of an event.
        """
        answer = {"status": status, "headers": headers, "body": body}
        answer = {name: value for name, value in answer.items() if value is not None}
        if answer and (trouble or " " not in where):
            why = f"the trouble {trouble} has its own answer" if trouble else "your receiver answers an event"
            raise TypeError(f"fail_next({where!r}) takes no {' and no '.join(answer)}: {why}.")
        fault = {"route" if " " in where else "delivery": where, **more}
        fault |= {"trouble": trouble} if trouble else {}
        if not trouble and " " in where:
            fault |= {"answer": {"status": 503, **answer}}
        return self.control("POST", "faults", fault)

    def advance(self, seconds: float) -> None:
        """Advance the clock; everything that became due has been done when this returns.

        Raises ValueError for less than nothing: work that is done would stay done.
        """
        if seconds < 0:
            raise ValueError(f"The clock only goes forward, not by {seconds:g} seconds.")
        self._double.time.advance(seconds)

    def wait_until_idle(self, at_most: float = 30 * 86_400) -> None:
        """Advance the clock until nothing is left to do and no delivery is pending, retries included.

        What is due in more than 30 days is left alone. Raises Refused if the rest takes longer than `at_most` seconds
        of virtual time.
        """
        if not self._double.time.run_until_idle(timedelta(seconds=at_most)):
            next_due = self._double.time.seconds_to_next()
            then = "" if next_due is None else f" The next thing is due in {next_due:.0f} seconds."
            raise Refused(f"The mock still had work to do after {at_most:g} seconds of its time.{then}")

    def requests(self) -> list[Json]:
        """Return the requests that came in, oldest first; secrets are masked."""
        return list(self.control("GET", "requests")["requests"])

    def deliveries(self, event: str | None = None) -> list[Json]:
        """Return the deliveries with their attempts, oldest first."""
        raise NotImplementedError

    def received(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None, status: int | None = None, times: int | None = None,
    ) -> list[Json]:  # fmt: skip
        """Return the requests that fit; if there is none, or not exactly `times`, fail and show the nearest."""
        wanted: Json = {"method": method.upper(), "path": path, "body": body, "query": query, "status": status}
        wanted["headers"] = {name.title(): value for name, value in (headers or {}).items()}
        wanted = {name: value for name, value in wanted.items() if value}
        return matching.require_matches("request", wanted, self.requests(), times)

    def control(self, method: str, path: str, body: Any = None) -> Json:
        """Call the control API: `control("POST", "clock", {"advance": 60})`. Raises: Refused."""
        return self._ask(method, f"/_mock/{path}", body, {})

    def _require_event(self, event: str) -> None:
        """Raise ValueError for an event that this mock never sends: a test that expects none of it would pass."""
        if event not in (events := self._double.faults.events or (event,)):
            raise ValueError(f"{self.name} sends no event {event}. The events are: {', '.join(events)}.")

    def stop_serving(self) -> None:
        """Stop what `serve` started."""
        while self._served:
            self._served.pop().close()

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str], **options: Any) -> Json:
        """Send a request to the mock in this process; raises Refused with the reason if it is refused."""
        response: TestResponse = self.app.test_client().open(
            path, method=method, json=body, headers={"User-Agent": TEST, **headers}, base_url=self.url, **options
        )
        if response.status_code >= 400:
            said = self._reason(response.get_json(silent=True)) or response.text.strip()
            raise Refused(f"{method} {path} was answered {response.status_code}. {said}")
        answer: Json = response.get_json()
        return answer

    def _reason(self, refusal: Any) -> str:
        """Return the sentence of an error body of this mock; empty if it is none."""
        return error_text(refusal)
