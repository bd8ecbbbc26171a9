"""The bulk record action, driven by hand: who is sent, who is not, and what the user is told."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.attio import AttioNoWorkspaceConnectionError, RunRecordBatches
from alc_app.attio.effects import Effect
from alc_app.attio.host.errors import QueryError, SerializableError, ServerFunctionTimeout
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcRefused
from alc_app.extensions.send_to_alc_bulk_record_action import NotSent, on_trigger, reasons

ADA = {"id": "r1", "name": {"full_name": "Ada Lovelace"}, "email_addresses": [], "phone_numbers": ["+442079460018"]}
GRACE = {"id": "r2", "name": None, "email_addresses": ["grace@navy.example"], "phone_numbers": ["+442079460019"]}
INES = {"id": "r3", "name": {"full_name": "Ines Castro"}, "email_addresses": [], "phone_numbers": []}
SENT = {"ok": {"id": "lead_1", "shown": True}}


class Screen:
    """What the person sees, and what the host was asked to do."""

    def __init__(self, people: Any, outcomes: dict[str, Any], agreed: bool = True) -> None:
        self.effects: list[Effect] = []
        self.error: Exception | None = None
        self._people, self._outcomes, self._agreed = people, outcomes, agreed

    def run(self, *record_ids: str) -> Screen:
        """Drive the action to its end."""
        action: Any = on_trigger(RunRecordBatches(record_ids, "Send to ALC"))
        reply: Any = None
        while True:
            try:
                effect = action.throw(reply) if isinstance(reply, Exception) else action.send(reply)
            except StopIteration:
                return self
            except Exception as error:
                self.error = error
                return self
            self.effects.append(effect)
            reply = self._reply(effect)

    def _reply(self, effect: Effect) -> Any:
        if effect.name == "confirm":
            return self._agreed
        if effect.name == "runQuery":
            return self._people if isinstance(self._people, Exception) else {"people": {"records": self._people}}
        if effect.name == "allSettled":
            return [self._outcomes.get(call["args"][0], SENT) for call in effect.data["calls"]]
        return None

    def title(self, *record_ids: str) -> str:
        """Drive the action to its end; return the title of its last message."""
        return str(self.run(*record_ids).asked("alert")[0].data["title"])

    def asked(self, name: str) -> list[Effect]:
        """The effects of this name."""
        return [effect for effect in self.effects if effect.name == name]


def refused(error: SerializableError) -> dict[str, Any]:
    """An outcome that is an error."""
    return {"error": error.to_json()}


def test_everybody_is_sent_by_the_server_function_of_a_single_click() -> None:
    """C1: the same function with the same arguments, so the same key; the toast counts them."""
    screen = Screen([ADA, GRACE], {}).run("r1", "r2")

    assert screen.asked("allSettled")[0].data["calls"] == [
        {"function": "send_to_alc", "args": ["r1", "Ada Lovelace", "+442079460018"]},
        {"function": "send_to_alc", "args": ["r2", "Unknown", "+442079460019"]},
    ]
    assert screen.asked("updateToast")[-1].data["title"] == "2 people sent to ALC"
    assert not screen.asked("alert")


def test_nothing_is_sent_before_somebody_has_agreed() -> None:
    """A selection is easily made larger than was meant."""
    screen = Screen([ADA], {}, agreed=False).run("r1")

    assert [effect.name for effect in screen.effects] == ["confirm"]
    assert screen.effects[0].data["title"] == "Send 1 person to ALC?"


def test_who_was_not_sent_is_named_with_the_reason() -> None:
    """C6: without a number, refused, deleted meanwhile; the others are sent all the same."""
    screen = Screen([ADA, GRACE, INES, None], {"r2": refused(AlcRefused("ALC writes to no such number."))})
    alert = screen.run("r1", "r2", "r3", "r4").asked("alert")[0]

    assert alert.data["title"] == "3 people not sent to ALC"
    assert alert.data["text"].splitlines() == [
        "A deleted record: It is no longer in the CRM.",
        "Ines Castro: No phone number found.",
        "grace@navy.example: ALC writes to no such number.",
        "1 person sent.",
    ]
    assert screen.effects[-2].name == "hideToast"  # one message, not two


def test_without_a_connection_attio_asks_to_connect() -> None:
    """The error is Attio's to explain, once, and not once for each person."""
    screen = Screen([ADA], {"r1": refused(AttioNoWorkspaceConnectionError("Not connected."))}).run("r1")

    assert isinstance(screen.error, AttioNoWorkspaceConnectionError)
    assert not screen.asked("alert")


def test_people_that_cannot_be_loaded_end_the_run() -> None:
    """The CRM is away: ALC hears nothing, and the person may try again."""
    screen = Screen(QueryError("Away."), {}).run("r1")

    assert screen.error is None
    assert screen.asked("alert")[0].data["text"] == "Everyone: Failed to load person data."
    assert screen.effects[-2].name == "hideToast"


@pytest.mark.parametrize(
    "error",
    [AlcAnswerLost("ALC did not answer."), AlcBusy("ALC asked the app to wait."), ServerFunctionTimeout("At work.")],
)
def test_people_who_are_still_being_sent_are_not_counted_as_not_sent(error: SerializableError) -> None:
    """C2, C3: ALC may have them, or takes them later."""
    goes_on = {"r1": refused(error), "r2": refused(error)}

    assert Screen([ADA, GRACE], goes_on).title("r1", "r2") == "Still sending 2 people to ALC"
    assert Screen([ADA, GRACE, INES], goes_on).title("r1", "r2", "r3") == "1 person not sent to ALC"


def test_a_reason_with_many_names_stays_readable() -> None:
    """One line for each reason."""
    many = [NotSent(f"P{number}", "No phone number found.") for number in range(9)]

    assert reasons(many) == "P0, P1, P2, P3, P4, P5 and 3 more: No phone number found."
