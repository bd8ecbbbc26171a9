"""What is forgotten and when: each rule on both sides of its edge, in time that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlmodel import select

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.clients.alc_events import LeadProcessed
from alc_app.config.settings import Config
from alc_app.leads import transitions
from alc_app.leads.models import EarlyEvent, Lead
from alc_app.runtime.context import Slot
from alc_app.runtime.doctor.gauges import Gauges
from alc_app.runtime.jobs.retention import AT_ONCE, DAY, EVERY, FIRST_AFTER, Housekeeping
from alc_app.runtime.routes.live_updates import Live
from alc_app.runtime.services import House
from alc_app.runtime.storage.tables import Delivery, HandlerRow, KeyValueRow, LiveEvent, OAuthFlow
from tests.support.fakes.engine import FakeEngine
from tests.unit.runtime.conftest import START, Clock

RECORD = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def house(make_house: Callable[..., House], clock: Clock, config: Config) -> Iterator[House]:
    """A house in that time."""
    make_house().close()  # its tables
    house = House(config, manifest, clock)
    house.engine = FakeEngine()  # type: ignore[assignment]  # what it is asked for is the whole of its surface
    yield house
    house.close()


@pytest.fixture
def housekeeping(house: House) -> Housekeeping:
    """What the relay has."""
    return Housekeeping(house)


def kinds(house: House) -> list[str]:
    """The kinds of the live events that are kept."""
    with house.database.reading() as session:
        return list(session.exec(select(LiveEvent.kind).order_by(LiveEvent.id)))  # type: ignore[arg-type]  # a column


def delivery(house: House, webhook_id: str) -> Delivery | None:
    """A delivery, if it is kept."""
    with house.inbox._database.reading() as session:
        return session.get(Delivery, ("h", webhook_id))


def test_live_events_are_kept_for_a_day_and_the_newest_for_ever(
    house: House, housekeeping: Housekeeping, clock: Clock
) -> None:
    """Their numbers must go on from the newest one, or a page that waits for the next would wait for ever."""
    live = Live(house.database, "b", house.exchanges)
    house.publish("first", {})
    followed = live.last_id()
    clock.time += DAY
    house.publish("second", {})
    clock.time += 1
    housekeeping.sweep()
    assert kinds(house) == ["boot", "second"]

    clock.time += 3 * DAY
    housekeeping.sweep()
    house.publish("third", {})

    assert kinds(house) == ["boot", "second", "third"]
    assert [event["kind"] for event in live.after(followed)] == ["second", "third"]


def test_a_page_that_slept_longer_than_events_are_kept_starts_anew(
    house: House, housekeeping: Housekeeping, clock: Clock
) -> None:
    """It has missed something that nobody can tell it any more; one that has seen all goes on."""
    live = Live(house.database, "b", house.exchanges)
    house.publish("seen", {})
    slept = live.last_id()
    house.publish("missed", {})
    clock.time += 2 * DAY
    for kind in ("new", "newer"):
        house.publish(kind, {})
    assert len(live.after(slept)) == 3

    housekeeping.sweep()

    assert [event["kind"] for event in live.after(slept)] == ["reset"]
    awake = f"{live.boot}:{int(slept.partition(':')[2]) + 1}"
    assert [event["kind"] for event in live.after(awake)] == ["new", "newer"]


def test_values_under_keys_go_when_their_time_is_over(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """The row itself, not only what is read of it: it may tell of people. Without an end it stays."""
    house.key_values.set("short", 1, 60)
    house.key_values.set("long", 1, 3600)
    house.key_values.set("for ever", 1, None)
    clock.time += 61
    housekeeping.sweep()

    with house.database.reading() as session:
        assert sorted(session.exec(select(KeyValueRow.key))) == ["for ever", "long"]


def test_sign_ins_are_kept_for_a_day_after_they_expired(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """O3: a replay is known as one until then, and long after its code has died."""
    row = {"state_hash": "s", "browser_hash": "b", "issuer": "i", "verifier": ""}
    with house.database.transaction() as session:
        session.add(OAuthFlow(id="flow", expires_at=START, **row))

    clock.time += DAY
    assert not housekeeping.sweep()
    with house.database.reading() as session:
        assert session.get(OAuthFlow, "flow")
    clock.time += 1
    housekeeping.sweep()

    with house.database.reading() as session:
        assert session.get(OAuthFlow, "flow") is None


@pytest.mark.parametrize("state", ["done", "failed", "ignored"])
def test_a_delivery_loses_its_body_first_and_its_id_much_later(
    house: House, housekeeping: Housekeeping, clock: Clock, state: str
) -> None:
    """R14: while the id is known, the same delivery is a duplicate and another one with its id a conflict."""
    house.inbox.put("h", "msg", b'{"name": "Ada"}', "ignored" if state == "ignored" else "new")
    if state != "ignored":
        clock.time += 3 * DAY  # it waited; what counts is when it ended
        house.inbox.mark("h", "msg", state, "a reason with a name in it")

    clock.time += 7 * DAY
    housekeeping.sweep()
    assert (delivery(house, "msg") or Delivery()).body
    clock.time += 1
    housekeeping.sweep()

    kept = delivery(house, "msg")
    assert kept and (kept.state, kept.body, kept.why) == ("forgotten", b"", None)
    clock.time += 33 * DAY - 2
    housekeeping.sweep()
    assert house.inbox.put("h", "msg", b'{"name": "Ada"}', "new") == "duplicate"
    assert house.inbox.put("h", "msg", b"{}", "new") == "conflict"
    clock.time += 2
    housekeeping.sweep()
    assert delivery(house, "msg") is None


def test_a_delivery_that_waits_is_never_forgotten(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """R17: it was answered with 2xx, so it must have its effect, however late."""
    house.inbox.put("h", "msg_1", b"{}", "new")
    house.inbox.put("h", "msg_2", b"{}", "new")
    house.inbox.queued(house.inbox.get("h", "msg_2"))

    clock.time += 1000 * DAY
    housekeeping.sweep()

    assert [row.body for row in house.inbox.due()] == [b"{}", b"{}"]


def test_a_delivery_that_is_given_up_has_ended(house: House, clock: Clock) -> None:
    """Its last try counts as its end."""
    house.inbox.put("h", "msg", b"{}", "new")
    row = house.inbox.get("h", "msg")
    row.tries = 99
    clock.time += 5
    house.inbox.try_again(row, "why")

    given_up = house.inbox.get("h", "msg")
    assert (given_up.state, given_up.due_at, given_up.why) == ("failed", START + 5, "why")


def test_the_app_says_how_long_its_own_rows_are_kept(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """Early verdicts 7 days, ended leads 400; what is open, or not shown yet, stays."""
    with running(Slot(house)):
        ended, open_, unshown = (transitions.intend(f"{n}{RECORD[1:]}", "Ada", "").partition(".")[0] for n in "123")
        transitions.not_sent(ended)
        transitions.sent(unshown, "lead_3")
        transitions.processed(
            LeadProcessed.parse({"record_id": f"3{RECORD[1:]}", "lead_id": "lead_3", "status": "Complete"})
        )
        transitions.processed(
            LeadProcessed.parse({"record_id": f"2{RECORD[1:]}", "lead_id": "x", "status": "Complete"})
        )

    def kept() -> tuple[set[str], list[str]]:
        with house.database.reading() as session:
            return set(session.exec(select(Lead.id))), list(session.exec(select(EarlyEvent.alc_lead_id)))

    clock.time += 7 * DAY
    housekeeping.sweep()
    assert kept() == ({ended, open_, unshown}, ["x"])
    clock.time += 393 * DAY
    housekeeping.sweep()
    assert kept() == ({ended, open_, unshown}, [])
    clock.time += 1
    housekeeping.sweep()
    assert kept() == ({open_, unshown}, [])


def test_handlers_are_kept_for_ever(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """R18: their addresses answer 410, so that a good sender stops."""
    handler_id = house.handlers.create("c", "lead_processed")
    house.handlers.delete(handler_id)

    clock.time += 10_000 * DAY
    housekeeping.sweep()

    with house.database.reading() as session:
        assert session.get(HandlerRow, handler_id)


def test_a_pass_is_bounded_and_the_next_one_follows_at_once(
    house: House, housekeeping: Housekeeping, clock: Clock
) -> None:
    """The writer of SQLite is never held for long; a backlog is worked off all the same, and then it is hourly."""
    with house.database.transaction() as session:
        session.add_all(LiveEvent(kind="old", data="{}", at=START) for _ in range(AT_ONCE + 5))
    clock.time += 2 * DAY
    house.publish("new", {})

    housekeeping.look()
    assert len(kinds(house)) == 6
    housekeeping.look()
    assert kinds(house) == ["new"]

    with house.database.transaction() as session:
        session.add(LiveEvent(id=1, kind="old", data="{}", at=START))
    clock.time += EVERY - 1
    housekeeping.look()
    assert kinds(house) == ["old", "new"]
    clock.time += 1
    housekeeping.look()
    assert kinds(house) == ["new"]


def test_the_first_pass_comes_soon_after_the_start(house: House, housekeeping: Housekeeping, clock: Clock) -> None:
    """A worker that is restarted every day forgets too, and one that has just started has better things to do."""
    housekeeping.look()
    assert house.engine.forgotten_before == 0  # type: ignore[attr-defined]  # the fake's

    clock.time += FIRST_AFTER
    housekeeping.look()

    assert house.engine.forgotten_before == clock.time - 7 * DAY  # type: ignore[attr-defined]  # the fake's


def test_a_rule_that_stumbles_does_not_keep_the_others_from_being_kept(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C14: the engine's database may be down; the rest is forgotten all the same."""

    def down(_before: float, _limit: int) -> int:
        raise OSError("down")

    monkeypatch.setattr(house.engine, "forget", down)
    house.inbox.put("h", "msg", b"{}", "ignored")
    clock.time += 8 * DAY

    assert not Housekeeping(house).sweep()

    assert "Old finished runs could not be forgotten" in caplog.text
    assert (delivery(house, "msg") or Delivery()).state == "forgotten"


def test_on_postgres_the_rule_and_the_numbers_are_the_same(postgres: str, tmp_path: Path, clock: Clock) -> None:
    """Scale-out: one row of each kind is counted, and later gone."""
    house = House(Config.from_env(home=tmp_path, database_url=postgres), manifest, clock)
    house.publish("old", {})
    house.publish("newest", {})
    house.inbox.put("h", "msg", b"{}", "ignored")
    house.inbox.put("h", "failed", b"{}", "new")
    house.inbox.mark("h", "failed", "failed")
    house.engine.ask("webhook", "h", "msg", queue="webhooks", run_id="run")
    with running(Slot(house)):
        transitions.not_sent(transitions.intend(RECORD, "Ada", "").partition(".")[0])

    numbers = generate_latest(Gauges(house)).decode()
    clock.time += 1000 * DAY
    for _ in range(2):  # a body goes before its row
        Housekeeping(house).sweep()

    for sample in ('deliveries{state="failed"}', 'leads{status="not_sent"}', 'runs{queue="webhooks",status="waiting"}'):
        assert f"alc_app_{sample} 1.0" in numbers
    with house.database.reading() as session:
        counts = {table: len(session.exec(select(table)).all()) for table in (LiveEvent, Delivery, Lead)}
    assert counts == {LiveEvent: 1, Delivery: 0, Lead: 0}
    house.close()
