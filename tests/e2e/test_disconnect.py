"""The tutorial's removal: Removal 1-3, with ALC there and with ALC down."""

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import PATIENCE, eventually


def test_disconnecting_leaves_nothing_at_alc_or_here(user: User, alc: Alc) -> None:
    """Removal 1-3: no webhook, no usable token, no connection on the page."""
    page = user.disconnect_alc()

    assert page.url.endswith("notice=disconnected")
    assert not alc.webhooks()
    assert not user.is_connected()
    revoked = [request["path"] for request in alc.requests() if request["path"] == "/oauth/revoke"]
    assert len(revoked) >= 2, "the refresh token and the access token"


def test_the_address_of_a_removed_handler_answers_410(user: User, alc: Alc) -> None:
    """R18: a tombstone stays, so that the sender stops."""
    user.disconnect_alc()
    user.connect_alc()
    url = alc.webhooks("lead.processed")[0]["url"]

    user.disconnect_alc()

    assert user.session.post(url, json={}, timeout=30).status_code == 410


def test_disconnecting_twice_is_fine(disconnected_user: User) -> None:
    """C11: for example from a second tab."""
    token = disconnected_user.csrf_token()

    page = disconnected_user.session.post(
        f"{disconnected_user.app_url}/connections/alc/disconnect", data={"csrf_token": token}, timeout=PATIENCE
    )

    assert page.url.endswith("notice=disconnected")


def test_disconnecting_while_alc_is_down_is_finished_when_alc_is_back(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """C10: the connection is removed at once, the URL answers 410, and the clean-up is shown and done later."""
    user.disconnect_alc()
    user.connect_alc()
    url = alc.webhooks("lead.processed")[0]["url"]
    record_id = attio.add_person("Ana Souza", "+442079460040")
    stack.alc.stop()
    try:
        page = user.disconnect_alc()

        assert "clean_up_pending" in page.url
        assert "still needs a clean-up" in page.text
        assert user.session.post(url, json={}, timeout=30).status_code == 410
        assert user.click_send(record_id)[2]["effect"] == "connect"
    finally:
        stack.alc.start()

    eventually(lambda: not alc.webhooks(), what=alc.webhooks)
    eventually(lambda: "still needs a clean-up" not in user.get("/apps/alc").text)


def test_a_click_on_a_pending_person_without_a_connection_asks_to_connect(user: User, alc: Alc, attio: Attio) -> None:
    """C1: the click has a run of its own, and does not repeat the success of the first one."""
    record_id = attio.add_person("Noor Haddad", "+442079460043")
    user.click_send(record_id)
    user.disconnect_alc()

    effects = [effect["effect"] for effect in user.click_send(record_id)]

    assert "connect" in effects
    assert len([lead for lead in alc.leads() if lead["record_id"] == record_id]) == 1


def test_a_verdict_that_alc_had_while_disconnected_is_learnt_when_connected_again(
    user: User, alc: Alc, attio: Attio
) -> None:
    """No lead stays Pending because its verdict could not be delivered meanwhile."""
    record_id = attio.add_person("Ravi Iyer", "+442079460041")
    user.click_send(record_id)
    user.disconnect_alc()
    alc.decide(alc.leads(record_id)[0]["id"])

    user.connect_alc()

    user.wait_for_status(record_id, "Complete")
