"""Retention: each rule on both sides of its limit, in time that the test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlmodel import select

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.clients.alc_events import LeadProcessed
from alc_app.clients.attio_api import Forbidden
from alc_app.config.settings import Config
from alc_app.leads import record_sync, sends, verdicts
from alc_app.leads.models import EarlyEvent, Lead
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.gauges import Gauges
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.retention import BATCH_SIZE, DAY, FIRST_RUN_AFTER, INTERVAL, RetentionJob
from alc_app.runtime.routes.live_updates import LiveUpdates
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import Delivery, KeyValueRow, LiveEvent, OAuthFlow, WebhookHandlerRow
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import START, Clock

RECORD = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def services(make_services: Callable[..., Services], clock: Clock, config: Config) -> Iterator[Services]:
    """An installation in that time."""
    make_services().close()  # its tables
    services = Services(config, manifest, clock)
    services.engine = FakeEngine()
    yield services
    services.close()


@pytest.fixture
def retention(services: Services) -> RetentionJob:
    """The retention job, as the relay has it."""
    return RetentionJob(services)


def kinds(services: Services) -> list[str]:
    """The kinds of the live events that are kept."""
    with services.database.reading() as session:
        return list(session.exec(select(LiveEvent.kind).order_by(LiveEvent.id)))


def delivery(services: Services, webhook_id: str) -> Delivery | None:
    """A delivery, if it is kept."""
    with services.inbox._database.reading() as session:
        return session.get(Delivery, ("h", webhook_id))


def test_live_events_are_kept_for_a_day_and_the_newest_for_ever(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """Their numbers must go on from the newest one, or a page that waits for the next would wait for ever."""
    live = LiveUpdates(services.database, "b", services.exchanges)
    services.publish("first", {})
    followed = live.last_id()
    clock.time += DAY
    services.publish("second", {})
    clock.time += 1
    retention.delete_old_rows()
    assert kinds(services) == ["boot", "second"]

    clock.time += 3 * DAY
    retention.delete_old_rows()
    services.publish("third", {})

    assert kinds(services) == ["boot", "second", "third"]
    assert [event["kind"] for event in live.after(followed)] == ["second", "third"]


def test_a_page_that_slept_longer_than_events_are_kept_starts_anew(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """It has missed something that nobody can tell it any more; one that has seen all goes on."""
    live = LiveUpdates(services.database, "b", services.exchanges)
    services.publish("seen", {})
    slept = live.last_id()
    services.publish("missed", {})
    clock.time += 2 * DAY
    for kind in ("new", "newer"):
        services.publish(kind, {})
    assert len(live.after(slept)) == 3

    retention.delete_old_rows()

    assert [event["kind"] for event in live.after(slept)] == ["reset"]
    awake = f"{live.boot}:{int(slept.partition(':')[2]) + 1}"
    assert [event["kind"] for event in live.after(awake)] == ["new", "newer"]


def test_values_under_keys_go_when_their_time_is_over(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """The row itself, not only what is read of it: it may tell of people. Without an end it stays."""
    services.key_values.set("short", 1, 60)
    services.key_values.set("long", 1, 3600)
    services.key_values.set("for ever", 1, None)
    clock.time += 61
    retention.delete_old_rows()

    with services.database.reading() as session:
        assert sorted(session.exec(select(KeyValueRow.key))) == ["for ever", "long"]


def test_sign_ins_are_kept_for_a_day_after_they_expired(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """O3: a replay is known as one until then, and long after its code has died."""
    row = {"state_hash": "s", "browser_hash": "b", "issuer": "i", "verifier": ""}
    with services.database.transaction() as session:
        session.add(OAuthFlow(id="flow", expires_at=START, **row))

    clock.time += DAY
    assert not retention.delete_old_rows()
    with services.database.reading() as session:
        assert session.get(OAuthFlow, "flow")
    clock.time += 1
    retention.delete_old_rows()

    with services.database.reading() as session:
        assert session.get(OAuthFlow, "flow") is None


@pytest.mark.parametrize("state", ["done", "ignored"])
def test_a_delivery_loses_its_body_first_and_its_id_much_later(
    services: Services, retention: RetentionJob, clock: Clock, state: str
) -> None:
    """R14: while the id is known, the same delivery is a duplicate and another one with its id a conflict."""
    services.inbox.put("h", "msg", b'{"name": "Ada"}', "ignored" if state == "ignored" else "new")
    if state != "ignored":
        clock.time += 3 * DAY  # it waited; what counts is when it ended
        services.inbox.mark_ended("h", "msg", state, "a reason with a name in it")

    clock.time += 7 * DAY
    retention.delete_old_rows()
    assert (delivery(services, "msg") or Delivery()).body
    clock.time += 1
    retention.delete_old_rows()

    kept = delivery(services, "msg")
    assert kept and (kept.state, kept.body, kept.why) == ("forgotten", b"", None)
    clock.time += 33 * DAY - 2
    retention.delete_old_rows()
    assert services.inbox.put("h", "msg", b'{"name": "Ada"}', "new") == "duplicate"
    assert services.inbox.put("h", "msg", b"{}", "new") == "conflict"
    clock.time += 2
    retention.delete_old_rows()
    assert delivery(services, "msg") is None


def test_a_failed_delivery_is_kept_until_a_person_dismisses_it(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """After a long holiday it is still listed, and its body is there to be replayed."""
    services.inbox.put("h", "msg", b'{"status": "Complete"}', "new")
    services.inbox.mark_ended("h", "msg", "failed", "answered 400")
    clock.time += 30 * DAY
    retention.delete_old_rows()

    assert [row.body for row in services.inbox.failed()] == [b'{"status": "Complete"}']
    assert [letter.id for letter in dead_letters.find(services)] == ["delivery:h:msg"]
    dead_letters.dismiss(services, "delivery:h:msg")
    retention.delete_old_rows()
    assert (delivery(services, "msg") or Delivery()).body == b""


def test_a_delivery_that_waits_is_never_forgotten(services: Services, retention: RetentionJob, clock: Clock) -> None:
    """R17: it was answered with 2xx, so it must have its effect, however late."""
    services.inbox.put("h", "msg_1", b"{}", "new")
    services.inbox.put("h", "msg_2", b"{}", "new")
    services.inbox.claim(services.inbox.due(1, "worker-0"), "worker-0")

    clock.time += 1000 * DAY
    retention.delete_old_rows()

    assert [row.body for row in services.inbox.newest(64)] == [b"{}", b"{}"]


def test_a_delivery_that_is_given_up_has_ended(services: Services, clock: Clock) -> None:
    """Its last try counts as its end."""
    services.inbox.put("h", "msg", b"{}", "new")
    row = services.inbox.get("h", "msg")
    row.tries = 99
    clock.time += 5
    services.inbox.schedule_retry(row, "why")

    given_up = services.inbox.get("h", "msg")
    assert (given_up.state, given_up.due_at, given_up.why) == ("failed", START + 5, "why")


def test_the_app_says_how_long_its_own_rows_are_kept(services: Services, retention: RetentionJob, clock: Clock) -> None:
    """Early verdicts 7 days, ended leads 400; what is open, or a dead letter, stays."""
    with running(AppContext(services)):
        ended, open_, unshown = (sends.open_send(f"{n}{RECORD[1:]}").id for n in "123")
        sends.mark_not_sent(ended, "No.")
        sends.mark_sent(unshown, "lead_3")
        verdicts.apply_verdict(
            LeadProcessed.parse({"record_id": f"3{RECORD[1:]}", "lead_id": "lead_3", "status": "Complete"})
        )
        record_sync.retry_sync_later(f"3{RECORD[1:]}", Forbidden("Not yours."))
        verdicts.apply_verdict(
            LeadProcessed.parse({"record_id": f"2{RECORD[1:]}", "lead_id": "x", "status": "Complete"})
        )

    def kept() -> tuple[set[str], list[str]]:
        with services.database.reading() as session:
            return set(session.exec(select(Lead.id))), list(session.exec(select(EarlyEvent.alc_lead_id)))

    clock.time += 7 * DAY
    retention.delete_old_rows()
    assert kept() == ({ended, open_, unshown}, ["x"])
    clock.time += 393 * DAY
    retention.delete_old_rows()
    assert kept() == ({ended, open_, unshown}, [])
    clock.time += 1
    retention.delete_old_rows()
    assert kept() == ({open_, unshown}, [])


def test_handlers_are_kept_for_ever(services: Services, retention: RetentionJob, clock: Clock) -> None:
    """R18: their addresses answer 410, so that a good sender stops."""
    handler_id = services.webhook_handlers.create("c", "lead_processed")
    services.webhook_handlers.delete(handler_id)

    clock.time += 10_000 * DAY
    retention.delete_old_rows()

    with services.database.reading() as session:
        assert session.get(WebhookHandlerRow, handler_id)


def test_a_pass_is_bounded_and_the_next_one_follows_at_once(
    services: Services, retention: RetentionJob, clock: Clock
) -> None:
    """The writer of SQLite is never held for long; a backlog is worked off all the same, and then it is hourly."""
    with services.database.transaction() as session:
        session.add_all(LiveEvent(kind="old", data="{}", at=START) for _ in range(BATCH_SIZE + 5))
    clock.time += 2 * DAY
    services.publish("new", {})

    retention.run_if_due()
    assert len(kinds(services)) == 6
    retention.run_if_due()
    assert kinds(services) == ["new"]

    with services.database.transaction() as session:
        session.add(LiveEvent(id=1, kind="old", data="{}", at=START))
    clock.time += INTERVAL - 1
    retention.run_if_due()
    assert kinds(services) == ["old", "new"]
    clock.time += 1
    retention.run_if_due()
    assert kinds(services) == ["new"]


def test_the_first_pass_comes_soon_after_the_start(services: Services, retention: RetentionJob, clock: Clock) -> None:
    """Not at once after the start, but early enough for a worker that is restarted every day."""
    retention.run_if_due()
    assert services.engine.forgotten_before == 0

    clock.time += FIRST_RUN_AFTER
    retention.run_if_due()

    assert services.engine.forgotten_before == clock.time - 7 * DAY


def test_a_rule_that_stumbles_does_not_keep_the_others_from_being_kept(
    services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C14: the engine's database may be down; the rest is forgotten all the same."""

    def down(_before: float, _limit: int) -> int:
        raise OSError("down")

    monkeypatch.setattr(services.engine, "delete_ended", down)
    services.inbox.put("h", "msg", b"{}", "ignored")
    clock.time += 8 * DAY

    assert not RetentionJob(services).delete_old_rows()

    assert "Old finished runs could not be deleted" in caplog.text
    assert (delivery(services, "msg") or Delivery()).state == "forgotten"


def test_on_postgres_the_rule_and_the_numbers_are_the_same(postgres: str, tmp_path: Path, clock: Clock) -> None:
    """Scale-out: one row of each kind is counted, and later gone."""
    services = Services(Config.from_env(home=tmp_path, database_url=postgres), manifest, clock)
    services.publish("old", {})
    services.publish("newest", {})
    services.inbox.put("h", "msg", b"{}", "ignored")
    services.inbox.put("h", "failed", b"{}", "new")
    services.inbox.mark_ended("h", "failed", "failed")
    services.engine.enqueue("webhook", "h", "msg", queue="webhooks", run_id="run")
    with running(AppContext(services)):
        sends.mark_not_sent(sends.open_send(RECORD).id, "No.")

    numbers = generate_latest(Gauges(services)).decode()
    clock.time += 1000 * DAY
    for _ in range(2):  # a body goes before its row
        RetentionJob(services).delete_old_rows()

    for sample in ('deliveries{state="failed"}', 'leads{status="not_sent"}', 'runs{queue="webhooks",status="waiting"}'):
        assert f"alc_app_{sample} 1.0" in numbers
    with services.database.reading() as session:
        counts = {table: len(session.exec(select(table)).all()) for table in (LiveEvent, Delivery, Lead)}
    assert counts == {LiveEvent: 1, Delivery: 1, Lead: 0}, "the delivery that failed is a dead letter"
    services.close()
