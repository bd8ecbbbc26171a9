"""The agent: its chats, its decisions, and that they survive a restart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.mock_alc.support import Alc, Receiver

PATH = "/api/v1/leads"


@pytest.mark.parametrize(
    ("phone", "interest", "status"),
    [
        ("+442071838750", "interested", "Complete"),
        ("+442071838758", "not_interested", "Complete"),
        ("+442071838759", "no_answer", "Failed"),
    ],
)
def test_the_last_digit_decides(alc: Alc, phone: str, interest: str, status: str) -> None:
    """Deterministic, and with a chat that fits."""
    auth = alc.auth()
    lead = alc.send_lead(auth, phoneNumber=phone)
    alc.clock.advance(6)
    alc.work()
    decided = alc.http.get(f"{PATH}/{lead['id']}", headers=auth).get_json()
    assert (decided["interest"], decided["status"]) == (interest, status)
    assert decided["summary"].startswith("Ada Lovelace")
    assert 4 <= len(decided["transcript"]) <= 6
    assert {line["from"] for line in decided["transcript"]} == (
        {"agent"} if interest == "no_answer" else {"agent", "lead"}
    )


def test_a_lead_that_tells_an_address_is_a_prospect_that_was_updated(alc: Alc, receiver: Receiver) -> None:
    """7 at the end: the chat says it, and prospect.updated follows in the seed's own spelling."""
    auth = alc.auth()
    alc.hook(auth, receiver.url(), event="prospect.updated")
    lead = alc.send_lead(auth, name="Zoë Núñez", phoneNumber="+442071838757")
    alc.clock.advance(6)
    alc.work()

    said = alc.http.get(f"{PATH}/{lead['id']}", headers=auth).get_json()["transcript"]
    assert "zoe.nunez@example.com" in said[-1]["text"]
    assert [line["from"] for line in said] == ["agent", "lead"] * (len(said) // 2)
    [delivery] = alc.deliveries()
    told = {"prospectId": lead["id"], "prospectName": "Zoë Núñez", "prospectEmail": "zoe.nunez@example.com"}
    assert delivery["body"] == {"event": "prospect_updated", "data": told}


def test_the_chat_is_revealed_line_by_line(alc: Alc) -> None:
    """Nothing is decided before its time."""
    auth = alc.auth()
    path = f"{PATH}/{alc.send_lead(auth)['id']}"
    lengths = []
    for _second in range(6):
        lead = alc.http.get(path, headers=auth).get_json()
        assert lead["status"] == "processing"
        lengths.append(len(lead["transcript"]))
        alc.clock.advance(1)
        alc.work()
    assert lengths == sorted(lengths) and lengths[0] == 1 and lengths[-1] > 3


def test_a_decision_survives_a_restart_before_and_after_it(
    make_alc: Callable[..., Alc], tmp_path: Path, receiver: Receiver
) -> None:
    """W1: the due time and the outbox are in the database, each in one transaction."""
    settings = {"home": tmp_path, "database_url": ""}
    alc = make_alc(**settings)
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())
    alc.send_lead(auth)
    second = make_alc(**settings)
    second.clock.advance(6)
    second.services.worker._jobs[0].run_due()  # The agent only: as if the process died before it could send.
    assert receiver.received == []
    third = make_alc(**settings)
    third.clock.advance(7)
    third.work()
    assert len(receiver.received) == 1
    assert receiver.received[0].signed_by(hook["secret"])


def test_deciding_now_is_possible_once(alc: Alc, receiver: Receiver) -> None:
    """A second decision is refused, and one event is sent."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    decide = f"/_mock/leads/{alc.send_lead(auth)['id']}/decide"
    assert alc.http.post(decide, json={"interest": "no_answer"}).get_json()["status"] == "Failed"
    assert alc.http.post(decide, json={"interest": "interested"}).status_code == 409
    alc.clock.advance(60)
    alc.work()
    assert len(receiver.received) == 1
