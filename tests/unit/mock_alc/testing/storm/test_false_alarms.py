"""What a storm has once taken for a broken promise, and is none: each was found in an integration that is correct."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Response, request

from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import Storm
from mock_alc.testing.storm.happening import Happening
from mock_alc.webhooks.retries import read_retry_after
from tests.support.little_app import SECRET, ConnectedApp, LittleApp


def storm_over(mock_alc: Alc, app: LittleApp, **options: Any) -> Storm:
    """A storm over the app."""
    return Storm(mock_alc, **{"click": app.click, "status": app.status, "patience": 0.0, **options})


def test_a_verdict_that_comes_while_the_crm_is_read_is_no_step_backwards(mock_alc: Alc) -> None:
    """Reading takes a while, in which time goes on for ALC."""
    app = ConnectedApp(mock_alc)

    def read_slowly(record_id: str) -> str | None:
        mock_alc.advance(3)
        return app.status(record_id)

    day = [Happening("next_verdict", 1, "unknown_event"), Happening("click"), Happening("answer", 1, "503")]

    assert storm_over(mock_alc, app, status=read_slowly).play(day) is None


def test_a_verdict_that_was_asked_for_may_be_shown_before_its_date(mock_alc: Alc) -> None:
    """ALC answers at once what it delivers some seconds later, as a correction of its first result."""
    shown = iter(["Pending"])
    day = [Happening("next_verdict", 1, "contradiction"), Happening("click"), Happening("answer", 1, "503")]
    app, judged = ConnectedApp(mock_alc), ["never_backwards"]
    storm = storm_over(mock_alc, app, status=lambda _: next(shown, "Failed"), promises=judged)

    assert storm.play(day) is None


def test_pending_of_an_earlier_chat_is_not_taken_for_that_of_a_later_one(mock_alc: Alc) -> None:
    """The first verdict may be delivered late, when the second chat has begun already."""
    app, day = ConnectedApp(mock_alc), [Happening("click"), Happening("verdict", 1, "no_answer"), Happening("click")]
    shown = iter(["Pending", "Pending", "Pending", "Failed"])
    storm = storm_over(mock_alc, app, status=lambda _: next(shown, "Complete"), promises=["never_backwards"])

    assert storm.play(day) is None


def test_what_fits_no_chat_is_a_step_backwards_also_when_there_are_several(mock_alc: Alc) -> None:
    """Two chats have said Pending, and the third time nothing has begun."""
    app, day = ConnectedApp(mock_alc), [Happening("click"), Happening("verdict", 1, "no_answer"), Happening("click")]
    shown = iter(["Pending", "Failed", "Pending", "Failed"])
    storm = storm_over(mock_alc, app, status=lambda _: next(shown, "Complete"), promises=["never_backwards"])

    story = storm.play(day)

    assert story is not None
    assert story.broken_by == "The CRM showed Pending for Person 1, and then Failed."


@pytest.mark.parametrize(("refresh", "is_broken"), [("lost_after", False), ("503", True)])
def test_webhooks_may_stay_while_no_token_is_left_to_delete_them(mock_alc: Alc, refresh: str, is_broken: bool) -> None:
    """After a refresh whose answer was lost there is none, until a person connects the app again."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=lambda: None)

    story = storm.play([Happening("refresh", 1, refresh), Happening("disconnect")], "nothing_left")

    assert (story is not None) is is_broken


def test_what_was_asked_for_after_a_disconnect_is_no_step_backwards(mock_alc: Alc) -> None:
    """ALC had nobody to tell of the verdict, so there is no delivery of it."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=app.disconnect)

    assert storm.play([Happening("click"), Happening("disconnect"), Happening("verdict", 1, "interested")]) is None


def test_a_delivery_may_be_refused_while_nothing_is_connected(mock_alc: Alc) -> None:
    """ALC has not deleted the webhook yet, and the app has forgotten its secret."""
    app = ConnectedApp(mock_alc)

    def forget() -> None:
        app.secret = "whsec_" + "A" * 32

    def connect() -> None:
        app.secret = SECRET
        app.connect()

    storm = storm_over(mock_alc, app, connect=connect, disconnect=forget, promises=["right_ones_taken"])
    day = [Happening("click"), Happening("disconnect"), Happening("verdict", 1, "interested"), Happening("connect")]

    assert storm.play(day) is None


def test_a_person_who_presses_disconnect_twice_is_disconnected(mock_alc: Alc) -> None:
    """The first time an app may say that ALC does not answer."""
    app, presses = ConnectedApp(mock_alc), itertools.count(1)

    def disconnect() -> None:
        if next(presses) % 2:
            raise RuntimeError("ALC does not answer.")
        app.disconnect()

    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=disconnect)

    assert storm.play([Happening("disconnect")]) is None
    assert next(presses) > 2


def test_a_second_click_after_a_refusal_that_has_begun_no_chat_is_a_new_wish(mock_alc: Alc) -> None:
    """ALC has taken nothing, so a new key does no harm."""
    app = ConnectedApp(mock_alc, "new key after a refusal")
    day = [*(Happening("answer", 1, "503") for _ in range(3)), Happening("click"), Happening("click")]

    assert storm_over(mock_alc, app, promises=["one_chat"]).play(day) is None


def test_who_has_a_verdict_does_not_ask_whether_there_is_another(mock_alc: Alc) -> None:
    """ALC contradicts it while the webhook is disabled, and the app takes the chat for over."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=app.disconnect)
    day = [Happening("next_verdict", 1, "contradiction"), Happening("click"), Happening("disable")]

    assert storm.play([*day, Happening("wait", 1, "minute")]) is None


def test_a_webhook_that_is_registered_in_the_background_is_none_too_many(mock_alc: Alc) -> None:
    """It was not there yet when the day began, and it is there after each connect."""
    app = ConnectedApp(mock_alc)

    def register_another() -> None:
        mock_alc.register_webhook(f"{mock_alc.url}/prospects", "prospect.updated")

    def click(record_id: str) -> None:
        app.click(record_id)
        register_another()

    def connect() -> None:
        app.connect()
        register_another()

    storm = storm_over(mock_alc, app, click=click, connect=connect, disconnect=app.disconnect)

    assert storm.play([Happening("click"), Happening("connect_once_more")], "nothing_left") is None


class PatientApp(LittleApp):
    """It waits as ALC asks, up to a limit in seconds. ALC's clock is moved, so that nobody really waits."""

    def __init__(self, alc: Alc, limit: float) -> None:
        super().__init__(alc.url, alc.token)
        self._alc, self._limit = alc, limit
        alc.register_webhook(alc.serve(self.web) + "/hook", secret=SECRET)

    def _asks_again(self, retry_after: str) -> bool:
        wait = read_retry_after(retry_after, datetime.now(UTC))
        if wait <= self._limit:
            self._alc.advance(wait)
        return wait <= self._limit


def test_who_waits_until_a_date_may_ask_a_little_early(mock_alc: Alc) -> None:
    """A date has whole seconds, so it comes up to a second before the wait that it was made from ends."""
    day = [Happening("answer", 1, "429_date"), Happening("click")]

    assert storm_over(mock_alc, PatientApp(mock_alc, limit=5)).play(day) is None


def test_who_waits_a_second_need_not_wait_for_two(mock_alc: Alc) -> None:
    """The date is nearly two seconds away. Who refuses it for that has read it."""
    day = [Happening("answer", 1, "429_date"), Happening("click")]

    assert storm_over(mock_alc, PatientApp(mock_alc, limit=1)).play(day) is None


def test_a_delivery_of_an_earlier_connection_is_not_sent_again(mock_alc: Alc) -> None:
    """Its webhook is gone, and ALC refuses to."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=app.disconnect)
    day = [Happening("click"), Happening("verdict", 1, "interested"), Happening("connect_once_more")]

    assert storm.play([*day, Happening("resend")]) is None


def test_what_alc_answers_at_once_after_a_reconnect_is_no_step_backwards(mock_alc: Alc) -> None:
    """ALC answers no result before its date, so that of the second chat is not taken for the first one."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=app.disconnect)
    first = [Happening("click"), Happening("verdict", 1, "interested")]
    second = [Happening("next_verdict", 1, "foreign_record"), Happening("disable"), Happening("click")]

    assert storm.play([*first, *second]) is None


def test_the_last_result_counts_also_if_only_an_older_one_was_announced(mock_alc: Alc) -> None:
    """ALC has cancelled the delivery of the older one, and had no webhook for the last one."""
    app = ConnectedApp(mock_alc)
    storm = storm_over(mock_alc, app, connect=app.connect, disconnect=app.disconnect)
    day = [Happening("next_verdict", 1, "out_of_order"), Happening("click"), Happening("disable")]

    assert storm.play([*day, Happening("verdict", 1, "interested")]) is None


def test_a_delivery_with_new_fields_is_sent_again_with_the_same_bytes(mock_alc: Alc) -> None:
    """So that an app may refuse a known id with another body."""
    app, known = ConnectedApp(mock_alc), dict[str, bytes]()

    @app.web.before_request
    def refuse_another_body() -> Response | None:
        first = known.setdefault(request.headers["webhook-id"], request.get_data())
        return None if request.get_data() == first else Response("Another body had this id.", 409)

    day = [Happening("click"), Happening("verdict", 1, "extra_fields"), Happening("resend")]

    assert storm_over(mock_alc, app).play(day) is None
    assert len(known) == 2


def test_the_agent_may_decide_by_itself_a_moment_before(mock_alc: Alc) -> None:
    """Between the look at a chat and the decision about it."""

    def control(method: str, path: str, body: Any) -> Any:
        if path.endswith("/decide"):
            mock_alc.control(method, path, body)
        return mock_alc.control(method, path, body)

    app = ConnectedApp(mock_alc)
    storm = Storm(control, click=app.click, status=app.status, patience=0.0)

    assert storm.play([Happening("click"), Happening("verdict", 1, "interested")]) is None


def test_a_chat_is_over_for_who_asks_alc_before_the_delivery_comes(mock_alc: Alc) -> None:
    """The second click may begin another, though the first was refused and had begun one: ALC has decided on that."""
    app = ConnectedApp(mock_alc, "new key after a refusal")
    refused = [*(Happening("answer", 1, "500_after") for _ in range(3)), Happening("click")]
    storm = storm_over(mock_alc, app, promises=["one_chat"])

    assert storm.play([*refused, Happening("verdict", 1, "lost"), Happening("click")]) is None
