"""Kill -9 at every failpoint of the fault matrix: after a restart and a reconciliation, the outcome is correct."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import text

from tests.support.chaos.fault_matrix import EVERYWHERE, around
from tests.support.chaos.killing import KillableServers
from tests.support.people import Effect, User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PHONE = "+442079460018"
SENT = "Successfully sent to ALC!"
WRITE = ["write_record.before", *around("update_record"), "write_record.after"]


class World:
    """Servers whose web process and workers can be killed, with clients for users, ALC and Attio."""

    def __init__(self, stack: Stack, workers: int) -> None:
        self.stack, self.died_at = stack, set[str]()
        self.web, self.workers = KillableServers(stack, "web"), KillableServers(stack, "worker", workers)
        self.user, self.alc = User(stack.app_url), Alc(stack.alc_url)
        self.attio = Attio(stack.attio_url, "e2e-attio-token")

    def kill(
        self, who: KillableServers, *places: str | Callable[[], object], while_doing: Callable[[], object]
    ) -> object:
        """Kill them at each of these failpoints in turn. Return the result of the action, unless it was cut off."""
        self.died_at |= {place for place in places if isinstance(place, str)}
        return who.kill_at(*places, while_doing=while_doing)

    def add_person(self) -> str:
        """Start every process, and create a person to send."""
        return self.attio.add_person("Mara Voss", PHONE)

    def connect(self) -> None:
        """Make a new connection."""
        if not self.connected():
            self.user.connect_alc()
            self.until(self.connected)

    def subscribe(self) -> None:
        """Make a new connection, and wait until it is subscribed to Attio's events."""
        self.connect()
        self.until(lambda: len(self.attio.webhooks()) == 1)

    def disconnect(self) -> None:
        """Remove the connection, if there is one."""
        if self.connected():
            self.user.disconnect_alc()
            self.until(self.nothing_left)

    def pending(self) -> tuple[str, str]:
        """Send a new person. Return the record id and ALC's lead id."""
        self.connect()
        record_id = self.add_person()
        self.user.click_send(record_id)
        self.user.wait_for_status(record_id, "Pending")
        return record_id, str(self.alc.leads(record_id)[0]["id"])

    def connected(self) -> bool:
        """Check that there is one live connection, and exactly its webhook at ALC (I2)."""
        return self.user.is_connected() and len(self.alc.webhooks("lead.processed")) == 1

    def nothing_left(self) -> bool:
        """Check that there is no connection here, no webhook at ALC and no clean-up pending (I2, I5)."""
        page = self.user.get("/apps/alc").text
        return not ("/connections/alc/disconnect" in page or self.alc.webhooks() or "still needs a clean-up" in page)

    def sent_once(self, record_id: str, *history: str) -> bool:
        """Check that ALC has one lead (I1), and that the record's history is this (I4)."""
        return len(self.alc.leads(record_id)) == 1 and self.attio.history(record_id, "alc_status") == list(history)

    def switch(self, workflow_id: str, *, on: bool) -> None:
        """Switch a workflow on or off."""
        assert self.user.post(f"/workflows/{workflow_id}/switch", data={"on": str(on).lower()}).ok

    def run_of(self, record_id: str) -> dict[str, Any]:
        """Return the only run of a workflow for a record, as the page shows it."""
        runs = self.user.get("/workflows.json").json()["runs"]
        mine = [run for run in runs if run["record_id"] == record_id]
        assert len(mine) <= 1, mine
        return mine[0] if mine else {"state": "none"}

    def until(self, true: Callable[[], object]) -> None:
        """Wait until it is true. A failure shows the logs of the workers."""
        eventually(true, what=self.workers.log)

    def later(self, true: Callable[[], object]) -> None:
        """Wait until it is true, and let every row that waits for a time be due."""
        self.until(lambda: self.stack.make_rows_due() or true())

    def alc_stops(self) -> None:
        """Stop ALC."""
        self.stack.alc.stop()

    def alc_starts(self) -> None:
        """Start ALC."""
        self.stack.alc.start()


@pytest.fixture(scope="module", params=[1], ids=["one worker"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """ALC and Attio, which keep running, and web processes and workers that can be killed."""
    stack = Stack(tmp_path_factory.mktemp("home"))
    stack.servers = [stack.alc, stack.attio]
    with stack:
        world = World(stack, request.param)
        world.web.start()
        world.workers.start()
        yield world
        world.workers.kill()
        world.web.kill()


def press_connect(user: User) -> requests.Response | None:
    """Press Connect; the server may be killed before it responds."""
    try:
        return user.connect_alc()
    except (requests.ConnectionError, AssertionError):
        return None


def press_send(user: User, record_id: str) -> list[Effect] | None:
    """Press Send to ALC; the server may be killed before it responds."""
    try:
        return user.click_send(record_id)
    except requests.RequestException:
        return None


def press_rotate(user: User) -> requests.Response | None:
    """Press "Rotate secrets"; the server may be killed before it responds."""
    try:
        return user.rotate_secrets()
    except requests.RequestException:
        return None


@pytest.mark.parametrize("place", ["flow_stored", "callback_accepted"])
def test_a_page_that_dies_while_connecting_leaves_nothing_and_works_again(world: World, place: str) -> None:
    """Install 1-2: the OAuth flow expires unused, and the user starts again."""
    world.disconnect()
    world.kill(world.web, place, while_doing=lambda: press_connect(world.user))

    assert world.nothing_left()
    world.user.connect_alc()
    assert world.connected()


def test_tokens_that_were_not_stored_are_lost_and_the_person_starts_over(world: World) -> None:
    """Install 4: the code is used up; no connection is shown, and Connect works again."""
    world.disconnect()
    world.kill(world.workers, "tokens_in_hand", while_doing=lambda: press_connect(world.user))

    assert world.nothing_left()


def test_an_installation_survives_every_crash(world: World) -> None:
    """Install 3, 5-8, C8: the connection is complete, with one webhook."""
    world.disconnect()
    steps = ("exchange_code", "create_webhook_handler", "create_webhook", "update_webhook_handler")
    places = around(*steps, "subscribe_soon", "save")
    world.kill(world.workers, *places, while_doing=lambda: press_connect(world.user))

    world.until(world.connected)


def test_a_connection_that_replaces_another_survives_every_crash(world: World) -> None:
    """Install 9, C11: one connection is left, with its webhooks."""
    world.connect()
    world.until(lambda: len(world.alc.webhooks()) == 2)
    before = {webhook["webhook_id"] for webhook in world.alc.webhooks()}
    world.kill(world.workers, *around("find_handover"), while_doing=lambda: press_connect(world.user))

    world.until(lambda: world.connected() and len(world.alc.webhooks()) == 2)
    assert not before & {webhook["webhook_id"] for webhook in world.alc.webhooks()}


def test_a_send_survives_every_crash(world: World) -> None:
    """Send 3-6, C2, C7: one lead, one key, one change of the record."""
    world.connect()
    record_id = world.add_person()
    nested = ["_post.before", *around("create_lead"), "_post.after"]
    places = [*around("claim_for_send", "get_workspace_connection"), *nested]
    places += [*around("mark_sent"), *WRITE, *around("mark_synced")]
    world.kill(world.workers, *places, while_doing=lambda: press_send(world.user, record_id))
    world.until(lambda: world.sent_once(record_id, "Pending"))

    record_id = world.add_person()  # after a crash a job may have written the record, and the click says so
    world.kill(world.workers, *around("read_shown"), while_doing=lambda: press_send(world.user, record_id))
    world.until(lambda: world.sent_once(record_id, "Pending"))


def test_a_verdict_survives_every_crash(world: World) -> None:
    """Webhook 2-4, R14, R17: no 2xx before the delivery is stored, and one change of the record after it."""
    record_id, lead_id = world.pending()
    world.kill(world.web, "delivery_verified", "delivery_stored", while_doing=lambda: world.alc.decide(lead_id))
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))

    world.kill(world.workers, "relay_looks", while_doing=lambda: None)  # they have nothing to do
    record_id, lead_id = world.pending()
    places = ["delivery_claimed", *around("apply_verdict"), *WRITE, *around("mark_synced")]
    world.kill(world.workers, *places, while_doing=lambda: world.alc.decide(lead_id))
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))


def test_a_click_whose_server_dies_is_taken_up_by_the_next_click(world: World) -> None:
    """Send 3: the intent is stored, but no run was started; the next click uses the same key."""
    world.connect()
    record_id = world.add_person()
    world.kill(world.web, "intent_written", while_doing=lambda: press_send(world.user, record_id))
    assert not world.alc.leads(record_id)

    assert world.user.click_send(record_id)[-2]["title"] == SENT
    assert world.sent_once(record_id, "Pending")


def test_a_send_that_nobody_asked_for_is_settled_while_alc_comes_and_goes(world: World) -> None:
    """Send 3-4, C2: ALC is asked for the key until it responds; then the intent is closed, and a click starts anew."""
    world.connect()
    record_id = world.add_person()
    world.kill(world.web, "intent_written", while_doing=lambda: press_send(world.user, record_id))
    world.alc_stops()
    places = around("claim_to_resolve", "find_lead", "retry_later")
    world.kill(world.workers, *places, while_doing=world.stack.make_rows_due)
    world.until(lambda: world.stack.lead(record_id)["due_at"])
    world.alc_starts()

    def settled() -> None:  # the run that found ALC away may still be at it when the first of these dies
        world.later(lambda: world.stack.lead(record_id)["status"] == "not_sent")

    world.kill(world.workers, *around("mark_never_received"), while_doing=settled)

    assert not world.alc.leads(record_id)
    world.user.click_send(record_id)
    world.until(lambda: world.sent_once(record_id, "Pending"))


def test_a_refusal_survives_every_crash(world: World) -> None:
    """Send 4, C2: the intent is closed, and the next click begins anew."""
    world.connect()
    record_id = world.add_person()
    world.alc.add_fault(route="POST /api/v1/leads", answer={"status": 422}, times=None)
    try:
        world.kill(world.workers, *around("mark_not_sent"), while_doing=lambda: press_send(world.user, record_id))
        world.until(lambda: world.stack.lead(record_id)["status"] == "not_sent")
    finally:
        world.alc.clear_faults()

    world.user.click_send(record_id)
    world.until(lambda: world.sent_once(record_id, "Pending"))


def test_a_refresh_whose_answer_was_not_stored_asks_for_a_reconnect_and_keeps_the_intent(world: World) -> None:
    """O14, Send 4': the old token is used up; the page asks to reconnect, and the next click uses the same key."""
    world.connect()
    record_id = world.add_person()
    world.stack.make_tokens_due()

    world.kill(
        world.workers,
        "tokens_refreshed",
        world.stack.make_tokens_due,
        while_doing=lambda: press_send(world.user, record_id),
    )
    world.until(lambda: "Connect again to continue" in world.user.get("/apps/alc").text)

    world.user.connect_alc()
    world.until(world.connected)
    world.until(lambda: world.user.click_send(record_id)[-2].get("title") == SENT)
    assert world.sent_once(record_id, "Pending")


def test_a_record_that_cannot_be_written_now_is_written_later(world: World) -> None:
    """Send 6, C3: the lead is sent, and the status is written when Attio is back."""
    world.connect()
    record_id = world.add_person()
    attio = world.stack.attio
    places = ["update_record.before", attio.stop, *around("retry_sync_later"), attio.start]
    world.kill(world.workers, *places, while_doing=lambda: press_send(world.user, record_id))

    world.later(lambda: world.sent_once(record_id, "Pending"))


def test_a_record_that_is_gone_is_not_written_any_more(world: World) -> None:
    """CRM 2, C5: Attio's event says so. ALC's chat goes on."""
    record_id, _ = world.pending()
    world.subscribe()
    places = around("is_gone", "mark_gone")
    world.kill(world.workers, *places, while_doing=lambda: world.attio.delete(record_id))

    world.until(lambda: world.stack.record_sync(record_id)["blocked"] == "gone")
    assert world.stack.lead(record_id)["status"] == "pending"


def test_a_request_in_the_crm_survives_every_crash(world: World) -> None:
    """CRM 1, C1: one lead, however often the event is processed."""
    world.subscribe()
    record_id = world.add_person()
    places = around("ask_for_changes", "read_person", "open_requested_send", "forget_changes")
    world.kill(world.workers, *places, while_doing=lambda: world.attio.write(record_id, alc_status="Requested"))

    world.until(lambda: world.sent_once(record_id, "Requested", "Pending"))


def test_a_lead_whose_record_is_merged_survives_every_crash(world: World) -> None:
    """CRM 3: the lead is shown on the new record, and so is ALC's verdict, which names the old one."""
    record_id, lead_id = world.pending()
    world.subscribe()
    other = world.add_person()
    made = world.kill(world.workers, *around("move_leads"), while_doing=lambda: world.attio.merge(record_id, other))
    world.until(lambda: world.attio.value(str(made), "alc_status") == "Pending")

    world.alc.decide(lead_id)
    world.until(lambda: world.attio.value(str(made), "alc_status") == "Complete")


def test_a_secret_that_was_not_stored_is_made_anew(world: World) -> None:
    """Install 7: Attio returns a secret only once. The webhook whose secret was lost is deleted and made anew."""
    world.subscribe()

    record_id = world.add_person()

    def lose() -> None:
        world.attio.delete_webhook(world.attio.webhooks()[0]["id"]["webhook_id"])
        world.attio.write(record_id, alc_status="Requested")  # Attio has nobody to tell
        with world.stack.sql_of_file("mock_attio") as crm:  # a new request is left to its event for ten seconds
            crm.execute(
                text("update attio_value set active_from = '2026-01-01T00:00:00.000000000Z' where active_until is null")
            )
        world.stack.make_rows_due()

    nested = ["repair.before", "update_webhook_handler.before", "repair.after"]
    places = [*nested, *around("find_requested")]
    world.kill(world.workers, *places, while_doing=lose)

    world.later(lambda: len(world.attio.webhooks()) == 1 and world.sent_once(record_id, "Requested", "Pending"))


def test_a_verdict_that_never_came_is_asked_for(world: World) -> None:
    """Later 10-11: no delivery has reached us, so ALC is asked."""
    record_id, lead_id = world.pending()
    world.web.kill()
    world.alc.decide(lead_id)
    world.until(lambda: len(world.alc.statuses_of_attempts(record_id)) == 7)
    world.web.start()
    world.kill(world.workers, *around("next_verdict_check", "find_verdict"), while_doing=world.stack.make_rows_due)

    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))


def test_a_subscription_of_a_connector_survives_every_crash(world: World) -> None:
    """Install 7', I2: it is made once, and once more after it has expired or was deleted."""
    world.disconnect()
    world.kill(world.workers, *around("maintain_subscription"), while_doing=lambda: press_connect(world.user))
    world.until(lambda: len(world.alc.webhooks("prospect.updated")) == 1)

    world.alc.delete_webhook(world.alc.webhooks("prospect.updated")[0]["webhook_id"])
    places = ["maintain_subscription.before", "create_webhook.after", "maintain_subscription.after"]
    world.kill(world.workers, *places, while_doing=world.stack.make_subscriptions_due)
    world.until(lambda: len(world.alc.webhooks("prospect.updated")) == 1)


def test_a_rotation_of_secrets_survives_every_crash(world: World) -> None:
    """Rotate 1-2, R5: verdicts are accepted before ALC is told, and after; repeating the press changes nothing."""
    record_id, lead_id = world.pending()
    world.until(lambda: world.alc.webhooks("prospect.updated"))
    world.kill(world.workers, *around("tell_secret"), while_doing=world.user.rotate_secrets)
    world.until(lambda: not world.user.is_rotating())
    world.kill(world.web, "secrets_stored", while_doing=lambda: press_rotate(world.user))
    world.kill(world.workers, *around("rotate_secret"), while_doing=lambda: press_rotate(world.user))
    world.until(lambda: not world.user.is_rotating())

    world.alc.decide(lead_id)
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))
    assert world.alc.statuses_of_attempts(record_id) == [200]


def test_a_prospect_survives_every_crash(world: World) -> None:
    """Prospect 1-2: one person, although the response of the PUT was lost with the worker."""
    world.connect()
    world.until(lambda: world.alc.webhooks("prospect.updated"))
    found = {"filter": {"email_addresses": "iris@example.com"}}
    query = "/v2/objects/people/records/query"

    def tell() -> None:
        world.alc.report_prospect("p-kill", "Iris Vale", "iris@example.com")

    world.kill(world.workers, *around("record_of", "assert_record"), while_doing=tell)

    world.until(lambda: len(world.attio.call("POST", query, found)) == 1)


def test_a_sweep_survives_every_crash(world: World) -> None:
    """Catch-up: results that no webhook has delivered are found in ALC's list of leads, one page a step."""
    record_id, lead_id = world.pending()
    world.web.kill()
    world.alc.decide(lead_id)
    world.until(lambda: len(world.alc.statuses_of_attempts(record_id)) == 7)
    world.web.start()
    places = around("start_reconciliation", "list_verdicts", "apply_verdicts")
    world.kill(world.workers, *places, while_doing=world.user.catch_up)

    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))


def test_a_workflow_run_survives_every_crash(world: World) -> None:
    """Workflow 2-3, C1: one lead, one task, one end."""
    world.connect()
    record_id = world.add_person()
    ask = {"record_id": record_id}
    places = around("take_turn", "add_wait", "save_outcome")
    world.kill(world.workers, *places, while_doing=lambda: world.user.post("/workflows/qualify/runs", data=ask))
    world.until(lambda: world.run_of(record_id)["state"] == "waiting")
    [lead] = world.alc.leads(record_id)

    places = around("notify_workflow", "create_task")
    world.kill(world.workers, *places, while_doing=lambda: world.alc.decide(lead["id"]))

    world.until(lambda: world.run_of(record_id)["state"] == "done")
    assert len(world.attio.call("GET", f"/v2/tasks?linked_object=people&linked_record_id={record_id}")) == 1
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))


def test_a_workflow_that_is_switched_on_survives_every_crash(world: World) -> None:
    """Workflow 1, I2, R14: one more webhook at ALC while it is on, and one run for each verdict."""
    record_id, lead_id = world.pending()
    places = around("plan_activation", "save_activation")
    world.kill(world.workers, *places, while_doing=lambda: world.switch("follow-up", on=True))
    world.until(lambda: len(world.alc.webhooks("lead.processed")) == 2)
    world.kill(world.workers, *around("start_run"), while_doing=lambda: world.alc.decide(lead_id))
    world.until(lambda: world.run_of(record_id)["state"] == "done")

    world.switch("follow-up", on=False)
    world.until(world.connected)


def test_a_removal_survives_every_crash(world: World) -> None:
    """Remove 1-4, C10, O20: nothing is left on either side."""
    world.connect()
    steps = (
        "start_removal",
        "list_webhook_handlers",
        "unsubscribe",
        "delete_webhook",
        "delete_webhook_handler",
        "revoke",
        "erase",
    )
    world.kill(world.workers, *around(*steps), while_doing=world.user.disconnect_alc)

    world.until(world.nothing_left)


def test_an_installation_that_alc_does_not_finish_is_undone_in_reverse(world: World) -> None:
    """Install, undone, C8: the connection is refused and cleaned up as soon as ALC responds; Connect works again."""
    world.disconnect()
    until_down = ["create_webhook.before", world.alc_stops, *around("refuse", "find_webhooks", "retry_removal_later")]
    world.kill(world.workers, *until_down, world.alc_starts, while_doing=lambda: press_connect(world.user))

    world.later(world.nothing_left)
    world.connect()


def test_a_strict_removal_that_fails_keeps_the_connection(world: World) -> None:
    """C12: ALC refuses when it has deleted one webhook; it is made again, and all is as it was."""
    world.connect()
    world.until(lambda: len(world.alc.webhooks()) == 2)
    before = {webhook["url"] for webhook in world.alc.webhooks()}
    world.user.change_settings(strict_removal="true")
    world.alc.add_fault(route="DELETE /api/v1/webhooks/*", answer={"status": 503}, skip=1, times=None)
    places = around("restore_later", "keep_connection", "start_restoring", "end_restoring")
    try:
        world.kill(world.workers, *places, while_doing=world.user.disconnect_alc)
    finally:
        world.alc.clear_faults()
        world.user.change_settings(do="defaults")

    world.later(lambda: {webhook["url"] for webhook in world.alc.webhooks()} == before)
    assert world.connected()
    record_id, lead_id = world.pending()
    world.alc.decide(lead_id)
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))


def test_the_tests_above_have_died_at_every_place_of_the_matrix(world: World) -> None:
    """The tests above have killed a process at every failpoint of the matrix."""
    assert world.died_at == EVERYWHERE


@pytest.mark.parametrize("world", [2], ids=["two workers"], indirect=True)
def test_what_two_workers_do_at_once_survives_a_crash_of_both(world: World) -> None:
    """C2, C10, R14: both are started again at once, and either takes up the run that died in the middle of a call."""
    world.connect()
    record_id = world.add_person()
    places = [*around("create_lead"), "mark_sent.before", "update_record.after"]
    world.kill(world.workers, *places, while_doing=lambda: press_send(world.user, record_id))
    world.until(lambda: world.sent_once(record_id, "Pending"))
    [lead] = world.alc.leads(record_id)

    places = ["delivery_claimed", "apply_verdict.after", "update_record.after"]
    world.kill(world.workers, *places, while_doing=lambda: world.alc.decide(lead["id"]))
    world.until(lambda: world.sent_once(record_id, "Pending", "Complete"))

    places = ["start_removal.after", "delete_webhook.after", "revoke.after"]
    world.kill(world.workers, *places, while_doing=world.user.disconnect_alc)
    world.until(world.nothing_left)
