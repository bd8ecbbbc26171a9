"""The mock on Postgres: by URL, with the same behaviour."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.mock_alc.support import Alc, Receiver


@pytest.mark.parametrize("scenario, answers", [("duplicate", 4), ("tampered_body", 2), ("contradiction", 2)])
def test_a_story_is_told_on_postgres_too(
    make_alc: Callable[..., Alc], empty_postgres: str, tmp_path: Path, receiver: Receiver, scenario: str, answers: int
) -> None:
    """Postgres by URL; the whole loop, with retries in virtual time."""
    alc = make_alc(database_url=empty_postgres, home=tmp_path)
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/scenarios/{scenario}")
    if scenario == "tampered_body":
        receiver.answer(401, 200)
    alc.send_lead({**auth, "Idempotency-Key": "k"})
    alc.send_lead({**auth, "Idempotency-Key": "k"})
    assert alc.http.post("/_mock/clock", json={"until": "idle"}).get_json()["idle"] is True

    assert len(receiver.received) == answers
    assert {delivery["state"] for delivery in alc.deliveries()} == {"delivered"}
    assert alc.http.post("/_mock/reset").status_code == 200
    assert alc.deliveries() == []
