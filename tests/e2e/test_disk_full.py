"""A full disk, for the web process and for the worker: nothing is accepted, and everything works after it has room."""

import json

from tests.support.chaos.disks import no_room_for
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

SENT = "Successfully sent to ALC!"


def test_a_web_process_without_room_promises_nothing_and_recovers_by_itself(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """C14, R17: ALC gets 503, a click an alert, Connect an error page; with room all work again, without a restart."""
    waiting, clicked = attio.add_person("Una Full", "+442079460120"), attio.add_person("Ben Full", "+442079460121")
    user.click_send(waiting)
    user.csrf_token()

    with no_room_for(stack.web):
        alert = user.click_send(clicked)[-1]
        connect = user.session.get(f"{user.app_url}/connections/alc/connect", allow_redirects=False, timeout=30)
        alc.decide(alc.leads(waiting)[0]["id"])
        eventually(lambda: 503 in alc.statuses_of_attempts(waiting), what=lambda: alc.statuses_of_attempts(waiting))
        assert user.get("/people").status_code == 200

    assert (alert["title"], alert["text"]) == ("Failed to send to ALC", "Please try again.")
    assert (connect.status_code, connect.headers["Retry-After"]) == (503, "5")
    [unanswered] = [delivery for delivery in alc.deliveries() if waiting in json.dumps(delivery)]
    alc.resend(unanswered["id"])  # ALC would retry by itself after the 5 seconds of Retry-After
    user.wait_for_status(waiting, "Complete")
    assert user.click_send(clicked)[-2]["title"] == SENT
    assert len(alc.leads(clicked)) == 1


def test_a_worker_without_room_finishes_everything_when_there_is_some(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """C14, R17: deliveries that were answered with 2xx wait, and no run is lost."""
    record_id = attio.add_person("Ada Full", "+442079460122")
    user.click_send(record_id)

    with no_room_for(stack.worker):
        alc.decide(alc.leads(record_id)[0]["id"])
        eventually(lambda: alc.statuses_of_attempts(record_id) == [200], what=alc.deliveries)
        assert {user.field(record_id, "ALC status") for _ in range(10)} == {"Pending"}

    user.wait_for_status(record_id, "Complete")
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]
