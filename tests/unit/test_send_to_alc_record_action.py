"""The record action, driven by hand: each effect it asks for, and what it does with each answer. No server needed."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.attio import AttioNoWorkspaceConnectionError
from alc_app.attio.effects import Effect
from alc_app.attio.host.errors import QueryError, ServerFunctionError, ServerFunctionTimeout
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcRefused, AlcUnreachable
from alc_app.send_to_alc_record_action import GET_PERSON_PHONE_NUMBERS, KEEP_TRYING, on_trigger, send_to_alc_action

ADA = {"name": {"full_name": "Ada Lovelace"}, "phone_numbers": ["+442079460018", "+442079460019"]}
RECORD = "11111111-1111-4111-8111-111111111111"
PREPARING = ("showToast", "Preparing to send to ALC...", None)
HIDDEN = ("hideToast", None, None)


class Screen:
    """What the person sees, and what the host was asked to do."""

    def __init__(self, person: object, sent: object) -> None:
        self._replies = {"runQuery": person, "call": sent}
        self.effects: list[Effect] = []
        self.error: Exception | None = None

    def run(self) -> Screen:
        """Drive the action to its end."""
        action: Any = on_trigger(RECORD)
        reply: object = None
        while True:
            try:
                effect = action.throw(reply) if isinstance(reply, Exception) else action.send(reply)
            except StopIteration:
                return self
            except Exception as error:
                self.error = error
                return self
            self.effects.append(effect)
            reply = self._replies.get(effect.name)

    def shown(self) -> list[tuple[str, str | None, str | None]]:
        """What the browser played: effect, title, text."""
        return [(e.name, e.data.get("title"), e.data.get("text")) for e in self.effects if e.by == "browser"]

    def asked(self, name: str) -> list[Effect]:
        """The effects of this name."""
        return [effect for effect in self.effects if effect.name == name]


def play(*, person: object = ADA, sent: object = None) -> Screen:
    """Click the button, with these answers from the query and from the server function; an error is raised."""
    query = person if isinstance(person, Exception) else {"person": person}
    return Screen(query, {"id": "lead_1", "shown": True} if sent is None else sent).run()


def test_a_person_is_sent_and_told_so() -> None:
    """Usage 4-12: both toasts, in the tutorial's words and order."""
    screen = play()

    assert screen.shown() == [PREPARING, HIDDEN, ("showToast", "Successfully sent to ALC!", None)]
    assert [effect.name for effect in screen.effects] == ["showToast", "runQuery", "call", "hideToast", "showToast"]
    assert [toast.data["variant"] for toast in screen.asked("showToast")] == ["neutral", "success"]


def test_the_query_and_the_server_function_get_what_the_tutorial_gives_them() -> None:
    """Usage 6-7: the record's id, the full name and the first phone number."""
    screen = play()

    assert screen.asked("runQuery")[0].data == {"query": GET_PERSON_PHONE_NUMBERS, "variables": {"recordId": RECORD}}
    assert screen.asked("call")[0].data == {
        "function": "send_to_alc",
        "args": [RECORD, "Ada Lovelace", "+442079460018"],
    }


def test_the_first_toast_stays_until_it_is_hidden() -> None:
    """Usage 5: work may take longer than Attio's four seconds, and the toast that goes is the one that came."""
    screen = play()

    first, hide = screen.asked("showToast")[0], screen.asked("hideToast")[0]
    assert first.data["durationMs"] is None
    assert hide.data["id"] == first.data["id"]


@pytest.mark.parametrize("name", [None, {"full_name": None}, {"full_name": ""}])
def test_a_person_without_a_name_is_called_unknown(name: object) -> None:
    """Usage 7: the tutorial's fallback."""
    assert play(person={**ADA, "name": name}).asked("call")[0].data["args"][1] == "Unknown"


@pytest.mark.parametrize("person", [None, QueryError("The query failed.")])
def test_a_person_that_cannot_be_loaded_is_not_sent(person: object) -> None:
    """Usage 6, C6: null and a query that fails look the same to the user; ALC hears nothing."""
    screen = play(person=person)

    assert screen.shown() == [PREPARING, HIDDEN, ("alert", "Failed to load person data", "Please try again.")]
    assert not screen.asked("call")


@pytest.mark.parametrize("numbers", [[], [""], [None]])
def test_a_person_without_a_phone_number_is_not_sent(numbers: list[object]) -> None:
    """Usage 6, C6: the tutorial's alert; ALC hears nothing."""
    screen = play(person={**ADA, "phone_numbers": numbers})

    text = "Please add a phone number to the person and try again."
    assert screen.shown() == [PREPARING, HIDDEN, ("alert", "No phone number found", text)]
    assert not screen.asked("call")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AlcUnreachable("ALC cannot be reached."), "ALC cannot be reached. Please try again."),
        (ServerFunctionError("Something unexpected."), "Please try again."),
    ],
)
def test_what_may_work_later_says_please_try_again(error: Exception, text: str) -> None:
    """Usage 7: the tutorial's words, after the reason if it is ALC's; no inner word reaches the user."""
    screen = play(sent=error)

    assert screen.shown() == [PREPARING, HIDDEN, ("alert", "Failed to send to ALC", text)]


def test_a_lost_answer_is_not_called_a_failure_because_alc_may_have_the_person() -> None:
    """C2: the user learns that it is not known yet, what happens next, and that nothing is sent twice."""
    [*_, (_, title, text)] = play(sent=AlcAnswerLost("ALC did not answer.")).shown()

    assert title == "Still sending to ALC"
    assert text and "the app does not know yet" in text and "keeps trying" in text and "Nothing is sent twice" in text
    assert "Please try again" not in text


def test_what_alc_refuses_is_explained_in_its_words() -> None:
    """C2: trying again would not help, so the reason is the text."""
    screen = play(sent=AlcRefused("This number is a landline."))

    assert screen.shown()[1:] == [HIDDEN, ("alert", "Failed to send to ALC", "This number is a landline.")]


def test_a_send_that_takes_long_is_not_called_a_failure() -> None:
    """C3: the server function goes on without us, so nobody is told to try again."""
    screen = play(sent=ServerFunctionTimeout("Still at work."))

    text = "The record will show its status as soon as ALC has answered."
    assert screen.shown() == [PREPARING, HIDDEN, ("alert", "Still sending to ALC", text)]


def test_who_has_to_wait_for_alc_is_told_so_and_not_to_try_again() -> None:
    """C2, R21: the lead is sent again by itself."""
    screen = play(sent=AlcBusy("ALC asked the app to wait."))

    text = f"ALC asked the app to wait. {KEEP_TRYING}"
    assert screen.shown() == [PREPARING, HIDDEN, ("alert", "Still sending to ALC", text)]


def test_a_record_that_attio_refuses_to_write_is_said_with_the_reason() -> None:
    """C5: the person was sent; what is in the way is said at once."""
    screen = play(sent={"id": "lead_1", "shown": False, "why": "Missing the scope record_permission:read-write."})

    assert "Attio says: Missing the scope" in str(screen.shown()[-1])


def test_a_record_that_could_not_be_written_yet_is_still_a_success() -> None:
    """C3: "sent; status update delayed", never "failed, try again"."""
    screen = play(sent={"id": "lead_1", "shown": False})

    text = "The status on the record will follow in a moment."
    assert screen.shown() == [PREPARING, HIDDEN, ("showToast", "Successfully sent to ALC!", text)]


def test_a_missing_connection_is_left_to_attio() -> None:
    """Usage 7: uncaught on purpose, so that the user is asked to connect; the driver hides the toast."""
    screen = play(sent=AttioNoWorkspaceConnectionError("Acme Lead Checker is not connected."))

    assert isinstance(screen.error, AttioNoWorkspaceConnectionError)
    assert screen.shown() == [PREPARING]


def test_only_alerts_wait_for_the_person() -> None:
    """Toasts pass by; an alert is answered."""
    assert [effect.asks for effect in play(person=None).effects] == [False, False, False, True]


def test_the_button_is_the_tutorials_and_stands_on_people_only() -> None:
    """Usage 1: id and label of the tutorial, on Attio's own slug for people."""
    assert (send_to_alc_action.id, send_to_alc_action.label) == ("send-to-alc", "Send to ALC")
    assert send_to_alc_action.objects == "people"
