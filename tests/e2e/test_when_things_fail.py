"""One of the servers is down: each failure has its text, and nothing is lost or done twice."""

import socket
from concurrent.futures import ThreadPoolExecutor

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

SENT = "Successfully sent to ALC!"


def test_sending_while_alc_is_down_says_so_and_the_next_click_works(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """C2: the tutorial's alert. The intent is closed because nothing was sent, and the record is unchanged."""
    record_id = attio.add_person("Greta Lund", "+442079460060")
    stack.alc.stop()
    try:
        effects = user.click_send(record_id)
    finally:
        stack.alc.start()

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "alert"]
    assert (effects[-1]["title"], effects[-1]["text"]) == (
        "Failed to send to ALC",
        "ALC cannot be reached. Please try again.",
    )
    assert attio.value(record_id, "alc_status") is None
    assert user.click_send(record_id)[-2]["title"] == SENT
    assert len(alc.leads(record_id)) == 1


def test_a_person_cannot_be_loaded_while_attio_is_down(stack: Stack, user: User, attio: Attio) -> None:
    """Matrix "Send 2": the first toast is hidden all the same; a page that needs Attio says what to do."""
    record_id = attio.add_person("Omar Farouk", "+442079460061")
    user.csrf_token()
    stack.attio.stop()
    try:
        effects = user.click_send(record_id)
        page = user.get("/people")
    finally:
        stack.attio.start()

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "alert"]
    assert effects[-1]["title"] == "Failed to load person data"
    assert page.status_code == 503


def test_a_worker_that_was_killed_finishes_what_it_was_asked_for(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """C7, I1: the click came while no worker was running; one lead, one success."""
    record_id = attio.add_person("Nia Mwangi", "+442079460064")
    stack.worker.kill()
    with ThreadPoolExecutor() as pool:
        click = pool.submit(user.click_send, record_id)
        stack.worker.start()
        assert click.result(timeout=60)[-2]["title"] == SENT

    assert len(alc.leads(record_id)) == 1
    assert user.field(record_id, "ALC status") == "Pending"


def test_a_verdict_sent_while_the_web_process_is_dead_arrives_when_it_lives_again(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """R17: ALC retries until the delivery is stored."""
    record_id = attio.add_person("Pia Rossi", "+442079460065")
    user.click_send(record_id)
    stack.web.kill()
    alc.decide(alc.leads(record_id)[0]["id"])
    stack.web.start()

    user.wait_for_status(record_id, "Complete")
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]


def test_a_verdict_stored_while_no_worker_lives_is_shown_when_one_does(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """R17: the web process stores and answers 2xx; the work waits for a worker."""
    record_id = attio.add_person("Eli Stone", "+442079460066")
    user.click_send(record_id)
    stack.worker.kill()
    alc.decide(alc.leads(record_id)[0]["id"])
    eventually(lambda: alc.statuses_of_attempts(record_id) == [200], what=lambda: alc.statuses_of_attempts(record_id))
    assert user.field(record_id, "ALC status") == "Pending"
    stack.worker.start()

    user.wait_for_status(record_id, "Complete")


def test_everything_stops_within_ten_seconds_with_a_page_open(stack: Stack, user: User) -> None:
    """C15: SIGTERM, a stream still open, exit code 0; and it starts again."""
    stream = user.session.get(f"{user.app_url}/events", stream=True, timeout=30)
    next(stream.iter_lines())
    try:
        assert stack.web.stop() == 0
        assert stack.worker.stop() == 0
    finally:
        stream.close()
        stack.web.start()
        stack.worker.start()


def test_unfinished_requests_and_open_streams_hold_up_nobody(stack: Stack, user: User) -> None:
    """Matrix "Webhook 1": with 150 unfinished requests and 40 streams, a page and a click still get a thread."""
    host, port = stack.app_url.removeprefix("http://").split(":")
    unfinished = b"POST /hooks/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{"
    stream = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    sockets = [socket.create_connection((host, int(port))) for _ in range(190)]
    try:
        for number, each in enumerate(sockets):
            each.sendall(unfinished if number < 150 else stream)

        assert user.get("/people").status_code == 200
        assert user.click_send("00000000-0000-4000-8000-000000000000")[-1]["effect"] == "alert"
    finally:
        for each in sockets:
            each.close()
