"""Play the script at one Attio, and undo it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from alc_app.attio.host.errors import FetchError
from alc_app.attio.http import FetchResponse
from alc_app.cli.compare_attio.calls import LEFT_OVER, PEOPLE, Call, Path
from alc_app.runtime.http_client import Http

TRIES = 4
LONGEST_WAIT = 10.0
"""Seconds to wait before a call is made again, if Attio asks to."""


@dataclass(frozen=True)
class Answer:
    """What came back, or why the call could not be made."""

    status: int
    body: Any
    not_made: str = ""


@dataclass
class Player:
    """Plays calls at one Attio, and keeps what later calls need of their answers."""

    url: str
    token: str = field(repr=False)
    mark: str = field(default_factory=lambda: f"compare-{uuid4().hex[:12]}")
    _kept: dict[str, str] = field(default_factory=dict)
    _undo: list[str] = field(default_factory=list)
    _http: Http = field(default_factory=Http)

    def play(self, calls: Sequence[Call], tell: Callable[[Call], None]) -> list[Answer]:
        """Make the calls in order. Return an answer for each. Raises: FetchError."""
        answers = []
        for call in calls:
            tell(call)
            answers.append(self._make(call))
        return answers

    def clean_up(self) -> list[str]:
        """Delete what the calls have made, the last first, and what a run that was killed has left.

        Return the paths that could not be deleted.
        """
        paths = [*reversed(self._undo), *self._left_over()]
        return [path for path in dict.fromkeys(paths) if not self._delete(path)]

    def _left_over(self) -> list[str]:
        try:
            found = self._request(LEFT_OVER).body
            return [f"{PEOPLE}/{record['id']['record_id']}" for record in found["data"]]
        except (FetchError, KeyError, TypeError):
            return []

    def _make(self, call: Call) -> Answer:
        try:
            answer = self._request(call)
        except KeyError as missing:
            return Answer(0, None, f"there is no {missing.args[0]}, because an earlier call failed")
        if answer.status < 300:
            for name, path in call.keep.items():
                self._kept[name] = str(next(pick(answer.body, path), ""))
            if call.undo:
                self._undo.append(self._fill(call.undo))
        return answer

    def _request(self, call: Call) -> Answer:
        path, body = self._fill(call.path), self._fill_in(call.body)
        headers = {"Authorization": f"Bearer {self.token}"} if call.with_token else {}
        for number in range(1, TRIES + 1):
            response = self._http.request(call.method, self.url + path, headers=headers, json=body)
            if response.status != 429 or number == TRIES:
                break
            time.sleep(min(response.retry_after() or 1.0, LONGEST_WAIT))  # as Attio asks
        return Answer(response.status, _read(response))

    def _delete(self, path: str) -> bool:
        """Delete; what is gone already counts as deleted."""
        try:
            return self._request(Call("Delete", "DELETE", path)).status in (200, 204, 404)
        except FetchError:
            return False

    def _fill(self, text: str) -> str:
        for name, value in {"mark": self.mark, **self._kept}.items():
            text = text.replace(f"{{{name}}}", value)
        if "{" in text:
            raise KeyError(text[text.index("{") + 1 : text.index("}")])
        return text

    def _fill_in(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._fill(value)
        if isinstance(value, Mapping):
            return {key: self._fill_in(item) for key, item in value.items()}
        return [self._fill_in(item) for item in value] if isinstance(value, list) else value


def pick(value: Any, path: Path) -> Iterator[Any]:
    """Yield what is at a path of keys and positions, or nothing."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return
    yield value


def _read(response: FetchResponse) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text
