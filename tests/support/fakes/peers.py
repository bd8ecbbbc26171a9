"""ALC with its authorization server, and Attio, in virtual time, behind one `call`. Either can be down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent
from alc_app.attio.http import FetchResponse
from tests.support.fakes.clock import Clock
from tests.support.fakes.messages import Message
from tests.support.fakes.peers_alc import Alc
from tests.support.fakes.peers_attio import Attio
from tests.support.fakes.runtime import Answer, Outside

ALC, ATTIO = "https://alc.test", "https://attio.test"
LATE = 20.0
"""Seconds after which a late call has its effect."""


class Peers(Outside):
    """Both services. `Outside` notes the calls, and plays the faults. Stands where `Http` stands."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.alc, self.attio = Alc(clock), Attio(clock)
        self.down_until: dict[str, float] = {}
        """By origin: ALC, ATTIO."""
        self.refusals: list[int] = []
        """When ALC refused a lead for good."""
        self._late: list[tuple[float, Answer]] = []

    @property
    def messages(self) -> list[Message]:
        """What they tell us: of ALC first, each in the order in which it happened."""
        return [*self.alc.messages, *self.attio.messages]

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> FetchResponse:
        self.catch_up()
        if any(url.startswith(origin) and self._clock.now < end for origin, end in self.down_until.items()):
            raise FetchNotSent("refused")
        is_lead = (method, url) == ("POST", f"{ALC}/api/v1/leads")
        if is_lead:
            self.alc.first_tries.setdefault(headers["Idempotency-Key"], self._clock.moment())
        response = super().call(method, url, headers, body)
        if is_lead and 400 <= response.status < 500 and response.status != 429:
            self.refusals.append(self._clock.moment())
        return response

    def late(self, do: Answer) -> FetchResponse:
        """A fault: nobody hears the answer, and the call has its effect some time later."""
        self._late.append((self._clock.now + LATE, do))
        raise FetchAnswerLost("timeout")

    def catch_up(self) -> None:
        """Let those late calls have their effect whose time has come."""
        late, self._late = self._late, []
        for at, do in late:
            if at <= self._clock.now:
                do()
            else:
                self._late.append((at, do))

    def _do(
        self, method: str, path: str, query: dict[str, str], headers: Mapping[str, str], body: Any
    ) -> FetchResponse:
        if path.startswith("/v2/"):
            return self.attio.answer(method, path, query, body)
        return self.alc.answer(method, path, query, headers, body)
