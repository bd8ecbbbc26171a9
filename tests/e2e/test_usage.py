"""The tutorial's second diagram, first half: Usage 1-12."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.support.people import Effect, User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PREPARING = "Preparing to send to ALC..."
SENT = "Successfully sent to ALC!"


def test_a_lead_is_sent_and_marked_pending_and_then_complete(user: User, alc: Alc, attio: Attio) -> None:
    """Usage 3-12 and Later 10-11: the whole round trip of one lead, on the page, at ALC and in Attio."""
    record_id = attio.add_person("Noor Haddad", "+442079460018")

    effects = user.click_send(record_id)

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "showToast", "done"]
    assert (effects[0]["title"], effects[0]["variant"]) == (PREPARING, "neutral")
    assert (effects[2]["title"], effects[2]["variant"]) == (SENT, "success")
    assert user.field(record_id, "ALC status") == "Pending"
    [lead] = alc.leads(record_id)
    assert (lead["name"], lead["phone_number"]) == ("Noor Haddad", "+442079460018")
    assert user.field(record_id, "ALC lead ID") == lead["id"]

    alc.decide(lead["id"], "interested")

    user.wait_for_status(record_id, "Complete")
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]
    assert attio.value(record_id, "alc_interest") == "interested"


def test_two_clicks_at_once_send_one_lead_and_both_succeed(user: User, alc: Alc, attio: Attio) -> None:
    """C1: a double click, or a click in two tabs, joins one run; ALC has one lead."""
    record_id = attio.add_person("Ravi Menon", "+442079460020")
    together = Barrier(2)

    def click(_: int) -> list[Effect]:
        together.wait(timeout=30)
        return user.click_send(record_id)

    with ThreadPoolExecutor(2) as pool:
        screens = list(pool.map(click, range(2)))

    assert [screen[-2]["title"] for screen in screens] == [SENT, SENT]
    assert len(alc.leads(record_id)) == 1


def test_a_click_while_the_lead_is_pending_sends_nothing_again(user: User, alc: Alc, attio: Attio) -> None:
    """C1: a record has at most one open lead."""
    record_id = attio.add_person("Tomi Alvarez", "+442079460021")
    user.click_send(record_id)

    assert user.click_send(record_id)[-2]["title"] == SENT

    assert len(alc.leads(record_id)) == 1


def test_after_a_lead_is_complete_a_click_begins_a_new_one(user: User, alc: Alc, attio: Attio) -> None:
    """The record shows the newest lead: Pending again, and then its verdict."""
    record_id = attio.add_person("Lena Fischer", "+442079460022")
    user.click_send(record_id)
    alc.decide(alc.leads(record_id)[0]["id"])
    user.wait_for_status(record_id, "Complete")

    user.click_send(record_id)

    assert user.field(record_id, "ALC status") == "Pending"
    second = next(lead for lead in alc.leads(record_id) if lead["status"] == "processing")
    alc.decide(second["id"], "no_answer")
    user.wait_for_status(record_id, "Failed")
    assert attio.value(record_id, "alc_lead_id") == second["id"]


def test_a_person_without_a_phone_number_is_not_sent(user: User, alc: Alc, attio: Attio) -> None:
    """Usage 6, C6: the tutorial's alert, and no request to ALC."""
    record_id = attio.add_person("Ines Castro")

    effects = user.click_send(record_id)

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "alert"]
    assert effects[-1]["title"] == "No phone number found"
    assert effects[-1]["text"] == "Please add a phone number to the person and try again."
    assert not alc.leads(record_id)


def test_a_person_without_a_name_is_sent_as_unknown(user: User, alc: Alc, attio: Attio) -> None:
    """Usage 7: the tutorial's fallback for a name that is null."""
    record_id = attio.add_person("", "+442079460023")

    user.click_send(record_id)

    assert alc.leads(record_id)[0]["name"] == "Unknown"


def test_a_person_that_does_not_exist_cannot_be_loaded(user: User) -> None:
    """Usage 6: `person` is null, and the tutorial's alert says so."""
    effects = user.click_send("00000000-0000-4000-8000-000000000000")

    assert effects[-1]["effect"] == "alert"
    assert (effects[-1]["title"], effects[-1]["text"]) == ("Failed to load person data", "Please try again.")


def test_an_alert_waits_for_the_person_and_then_the_action_ends(user: User, attio: Attio) -> None:
    """`await alert()` returns when the user has closed the alert; the same run continues, once."""
    alert = user.click_send(attio.add_person("Ines Castro"))[-1]

    answered = user.post(f"/actions/runs/{alert['resume']}", json={"answer": None})
    again = user.post(f"/actions/runs/{alert['resume']}", json={"answer": None})

    assert answered.text.strip() == '{"effect": "done"}'
    assert again.status_code == 410


def test_the_status_reaches_an_open_page_without_a_reload(user: User, alc: Alc, attio: Attio) -> None:
    """Every open page gets the events: Pending, then Complete."""
    record_id = attio.add_person("Mei Tanaka", "+442079460024")
    start = user.get("/events.json").json()["last"]

    user.click_send(record_id)
    alc.decide(alc.leads(record_id)[0]["id"])
    user.wait_for_status(record_id, "Complete")

    def statuses() -> list[str]:
        events = user.get(f"/events.json?after={start}").json()["events"]
        ours = [event["data"] for event in events if event["kind"] == "record"]
        return [data["values"]["alc_status"] for data in ours if data["record_id"] == record_id]

    eventually(lambda: statuses() == ["Pending", "Complete"], what=statuses)


def test_processes_that_find_the_token_old_at_once_refresh_it_once(
    stack: Stack, user: User, alc: Alc, attio: Attio
) -> None:
    """O12: the web process asks ALC for chats while the worker sends; both share the one refresh."""
    seen, unsent = ([attio.add_person("Oya Demir", "+442079460070") for _ in range(4)] for _ in range(2))
    for record_id in seen:
        user.click_send(record_id)
    before = count_token_requests(alc)
    stack.make_tokens_due()

    with ThreadPoolExecutor(8) as pool:
        chats = [pool.submit(user.get, f"/people/{record_id}/widgets/alc-lead.json") for record_id in seen]
        clicks = [pool.submit(user.click_send, record_id) for record_id in unsent]

    assert {chat.result().status_code for chat in chats} == {200}
    assert {click.result()[-2]["title"] for click in clicks} == {"Successfully sent to ALC!"}
    assert count_token_requests(alc) == before + 1


def count_token_requests(alc: Alc) -> int:
    """How many requests for tokens ALC has received."""
    return sum(request["path"] == "/oauth/token" for request in alc.requests())


def test_the_workspace_has_one_name_on_the_page_and_at_attio(user: User, attio: Attio) -> None:
    """The demo's workspace is called as the mock of Attio calls it."""
    assert attio.workspace_name() in user.get("/people").text
