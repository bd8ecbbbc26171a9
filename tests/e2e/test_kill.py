"""Kill -9, at every place of the fault matrix: after a restart and one sweep the outcome is the documented one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.fault_matrix import MATRIX
from tests.support.killing import Workers
from tests.support.outside import Alc, Attio
from tests.support.people import User
from tests.support.stack import Stack
from tests.support.waiting import eventually

PHONE = "+442079460018"


class World:
    """A house whose workers can be killed, and everybody around it."""

    def __init__(self, stack: Stack, workers: Workers) -> None:
        self.stack, self.workers = stack, workers
        self.user, self.alc = User(stack.app_url), Alc(stack.alc_url)
        self.attio = Attio(stack.attio_url, "e2e-attio-token")

    def connected(self) -> bool:
        """One live connection, and exactly its webhook at ALC (I2)."""
        return self.user.is_connected() and len(self.alc.webhooks()) == 1

    def nothing_left(self) -> bool:
        """No connection here, no webhook there, no clean-up pending."""
        page = self.user.get("/apps/alc").text
        return (
            "/connections/alc/disconnect" not in page and not self.alc.webhooks() and "still to be cleaned" not in page
        )

    def until(self, true: Callable[[], object], within: float = 20.0) -> None:
        """Wait for it; a failure shows what the workers have said."""
        eventually(true, within=within, what=self.workers.log)


@pytest.fixture(scope="module", params=[1, 2], ids=["one worker", "two workers"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything but the workers is running."""
    stack = Stack(tmp_path_factory.mktemp("home"))
    stack.servers.remove(stack.worker)
    with stack:
        workers = Workers(stack, request.param)
        yield World(stack, workers)
        workers.kill()


def test_an_installation_survives(world: World) -> None:
    """Install 5-8, C8: saved whole, with one webhook."""
    places = [
        place for row in (5, 6, 7, 8) for name, found in MATRIX.items() if f"Install {row}" in name for place in found
    ]
    world.workers.die_at(places, world.user.connect_alc)

    world.until(world.connected)


def test_a_send_survives(world: World) -> None:
    """Send 3-6, C2, C7: one lead, one key, one change of the record."""
    record_id = world.attio.add_person("Mara Voss", PHONE)
    places = [
        *["begin.before", "begin.after", "get_workspace_connection.before", "get_workspace_connection.after"],
        *["_post.before", "create_lead.before", "create_lead.after", "_post.after", "sent.before", "sent.after"],
        *["claim.before", "claim.after", "update_record.before", "update_record.after", "shown.before", "shown.after"],
        *["is_shown.before", "is_shown.after"],
    ]
    world.workers.die_at(places, lambda: world.user.click_send(record_id))

    world.user.sees_status(record_id, "Pending", within=20)
    assert len(world.alc.leads(record_id)) == 1
    assert world.attio.history(record_id, "alc_status") == ["Pending"]
