"""The mock on Postgres: by URL, with the same behaviour."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def test_what_postgres_cannot_hold_is_a_mistake_of_the_client(
    make_alc: Callable[..., Alc], empty_postgres: str, tmp_path: Path
) -> None:
    """U9: a NUL character, or a number beyond the column's; strangers got a 500 by it too."""
    alc = make_alc(database_url=empty_postgres, home=tmp_path)
    auth = alc.auth()
    api = ("leads?record_id=%00", "leads/%00", "leads?cursor=c999999999999999999", "webhooks?name=%00", "webhooks/%00")
    for path in (*(f"/api/v1/{one}" for one in api), "/_mock/deliveries?lead_id=%00", "/_mock/leads?record_id=%00"):
        answer = alc.http.get(path, headers=auth)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_value"), path
    assert alc.http.get("/oauth/authorize?client_id=a%00").status_code == 400

    form: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "a\0"}
    answer = alc.http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert alc.http.get("/api/v1/leads", headers=auth).status_code == 200
