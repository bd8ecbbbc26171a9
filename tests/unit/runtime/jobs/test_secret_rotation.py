"""A rotation, from the stored secret to ALC's answer: whatever breaks, each delivery that ALC signs is accepted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alc_app.runtime.services import WORKSPACE
from alc_app.runtime.storage.tables import WebhookHandlerRow
from tests.support.chaos.crashes import Crash
from tests.support.chaos.world import World, world
from tests.support.fakes.peers import ALC
from tests.support.fakes.runtime import START, Fault, answer_lost, garbled, never_answers, says

ROTATE = "POST /api/v1/webhooks/wh_1/rotate-secret"
DAY = 86_400.0
FAILPOINTS = [
    "secrets_stored",
    "tell_secret.before",
    "rotate_secret.before",
    "rotate_secret.after",
    "tell_secret.after",
]


class Installation:
    """A connected installation, whose webhook is wh_1 at ALC."""

    def __init__(self, world: World) -> None:
        self.world, self.peers, self.handlers = world, world.peers, world.services.webhook_handlers

    @property
    def row(self) -> WebhookHandlerRow:
        """The handler of lead.processed."""
        connection_id = self.world.services.connections.usable_id(WORKSPACE)
        return next(row for row in self.handlers.of_connection(connection_id) if row.external_webhook_id == "wh_1")

    def press(self) -> None:
        """Press "Rotate secrets"."""
        connection_id = self.world.services.connections.usable_id(WORKSPACE)
        try:
            self.handlers.rotate_secrets(connection_id)
        except Crash:
            return

    def work(self, after: float = 0.0) -> None:
        """Let time pass, take up what was lost in a crash, and do what is due."""
        self.world.clock.now += after
        self.world.restart()
        self.world.run_due_work()

    def told(self) -> list[str]:
        """Return the secrets that ALC was given for wh_1, one for each call."""
        return [body["secret"] for body in self.peers.sent(ROTATE)]

    def delivery(self) -> int:
        """Let ALC deliver a verdict, signed with the newest secret that it knows; return our answer."""
        told = self.peers.alc.decide(next(iter(self.peers.alc.leads.values())), "Complete", "interested")
        message = next(message for message in told if message.webhook_id == "wh_1")
        self.world.deliver(message)
        return message.answers[-1]

    def is_rotated(self) -> bool:
        """Return whether ALC signs with our current secret, and we know until when with the previous one."""
        current = self.handlers.get(self.row.id).secret
        return self.row.rotate_at is None and self.peers.alc.secrets["wh_1"][0] == current


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Services, routes, relay and runs, which a crash can hit at each failpoint; connected, and a person is sent."""
    with world(tmp_path_factory.mktemp("home")) as it:
        it.connect()
        it.click(it.peers.attio.add().id)
        it.run_due_work()  # the connector has subscribed
        it.keep()
        yield it


@pytest.fixture
def installation(everything: World) -> Installation:
    """The same for each test."""
    everything.restore()
    return Installation(everything)


def test_alc_is_told_the_secret_that_is_stored(installation: Installation) -> None:
    """R5, R19: once for each handler that ALC calls, the connector's too, and then there is nothing left to do."""
    first = installation.peers.alc.secrets["wh_1"][0]
    installation.press()
    assert installation.delivery() == 200
    installation.work()
    installation.work(after=DAY / 2)

    [told] = installation.told()
    assert told == installation.handlers.get(installation.row.id).secret != first
    webhooks = installation.peers.alc.webhooks
    [connected] = [webhook_id for webhook_id in webhooks if webhooks[webhook_id]["event"] == "prospect.updated"]
    assert len(installation.peers.sent(f"POST /api/v1/webhooks/{connected}/rotate-secret")) == 1
    assert installation.row.previous_secret_until == START + DAY
    assert installation.handlers.secrets(installation.row) == [told, first]
    assert installation.delivery() == 200


def test_when_the_overlap_has_ended_the_previous_secret_is_refused(installation: Installation) -> None:
    """R5: the end is the one that ALC said."""
    first = installation.peers.alc.secrets["wh_1"][0]
    installation.press()
    installation.work()
    installation.world.clock.now = START + DAY

    assert installation.delivery() == 200
    installation.peers.alc.secrets["wh_1"].insert(0, first)
    assert installation.delivery() == 401


@pytest.mark.parametrize("place", range(len(FAILPOINTS)), ids=FAILPOINTS)
def test_a_crash_between_any_two_steps_refuses_no_delivery(installation: Installation, place: int) -> None:
    """R5, I6: the secret is stored before ALC is told, and is told again until it has answered."""
    plan = installation.world.crash_plan
    plan.after = place
    installation.press()
    installation.world.run_due_work()
    assert (plan.crashes, plan.after) == (1, None)

    assert installation.delivery() == 200
    installation.work(after=5)
    assert installation.is_rotated()
    assert set(installation.told()) == {installation.peers.alc.secrets["wh_1"][0]}
    assert installation.delivery() == 200


@pytest.mark.parametrize("fault", [answer_lost, garbled, never_answers, says(503), says(429), says(404)])
def test_whatever_alc_answers_the_same_secret_is_told_until_it_is_known(
    installation: Installation, fault: Fault
) -> None:
    """R5, I6: an answer that was lost is no reason for another secret; the page says what went wrong meanwhile."""
    installation.peers.fault(ROTATE, fault, fault)
    installation.press()
    installation.work()
    assert installation.row.rotate_why
    assert installation.delivery() == 200

    installation.work(after=5)
    installation.work(after=10)
    assert installation.is_rotated()
    assert installation.row.rotate_why is None
    assert len(set(installation.told())) == 1
    assert installation.delivery() == 200


def test_pressed_again_while_alc_is_away_it_goes_on_with_the_same_secret(installation: Installation) -> None:
    """R5: a second secret would push out the one that ALC signs with."""
    installation.peers.down_until[ALC] = START + 1000
    for _press in range(3):
        installation.press()
        installation.work(after=60)
    assert installation.delivery() == 200

    installation.work(after=1000)
    assert installation.is_rotated()
    assert len(installation.told()) == 1
    assert installation.delivery() == 200


def test_a_fault_of_ours_is_tried_again_later(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """I6: not every second, and without a dead letter."""
    handlers, real = installation.handlers, installation.handlers.get
    installation.press()
    with monkeypatch.context() as broken:
        broken.setattr(handlers, "get", lambda _: 1 / 0)
        installation.work()

    assert installation.row.rotate_at == installation.world.clock.now + 5
    assert not installation.world.engine.unforeseen
    monkeypatch.setattr(handlers, "get", real)
    installation.work(after=5)
    assert installation.is_rotated()


def test_a_disconnect_ends_the_rotation(installation: Installation) -> None:
    """C10: it waits in the same queue, and finds a handler that is gone."""
    installation.press()
    installation.world.disconnect()
    installation.work()

    assert not installation.told()
    assert not installation.peers.alc.webhooks
