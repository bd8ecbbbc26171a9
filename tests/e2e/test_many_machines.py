"""Two web processes and two workers, as on four machines, which share only a Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.postgres import end_holder_of
from tests.support.servers.process import Server
from tests.support.servers.stack import Stack, free_ports, keys_of_all_machines
from tests.support.waiting import eventually

PHONE = "+442079460018"


class Machines:
    """Processes with a home each, which get the keys by environment variables, as the README says."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.second_url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.webs = [stack.web, self._machine("web-2", self.second_url, "serve")]
        self.workers = [self._machine(f"worker-{number}", "", "worker") for number in (1, 2)]
        stack.servers = [stack.alc, stack.attio, *self.webs, *self.workers]
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        self.first, self.second = User(stack.app_url), User(self.second_url)

    def _machine(self, name: str, url: str, command: str) -> Server:
        home = self.stack.home / name
        home.mkdir()
        port = url.rpartition(":")[2] or "0"
        return self.stack.server(
            name, url, "alc_app", command,
            ALC_APP_HOME=str(home), ALC_APP_PORT=port, ALC_APP_URL=self.stack.app_url,
        )  # fmt: skip

    def running_workers(self) -> list[Server]:
        """Return the workers that are running."""
        return [worker for worker in self.workers if worker.is_running]

    def cut_the_lock_of_a_worker(self) -> bool:
        """End the session that holds the lock of worker-0, as a network failure can. Return False if there is none."""
        return end_holder_of(self.stack.settings["ALC_APP_DATABASE_URL"], "worker-0")

    def send(self, name: str) -> str:
        """Create a person, send them on the second machine, and return the record id."""
        record_id = self.attio.add_person(name, PHONE)
        self.second.click_send(record_id)
        return record_id


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, module_postgres: str) -> Iterator[Machines]:
    """All processes, running and connected."""
    settings = keys_of_all_machines()
    stack = Stack(tmp_path_factory.mktemp("home"), ALC_APP_DATABASE_URL=module_postgres, **settings)
    made = Machines(stack)
    with stack:
        made.first.connect_alc()
        yield made


def test_the_loop_goes_through_all_of_them(machines: Machines) -> None:
    """Connect on one machine, send on the other; the verdict arrives at the first and is shown on both."""
    assert machines.second.is_connected()
    record_id = machines.send("Nora Berg")
    machines.first.wait_for_status(record_id, "Pending")
    [lead] = machines.alc.leads(record_id)

    machines.alc.decide(lead["id"])

    for user in (machines.first, machines.second):
        user.wait_for_status(record_id, "Complete")
    assert machines.attio.history(record_id, "alc_status") == ["Pending", "Complete"]


def test_a_worker_that_dies_is_stood_in_for_by_the_other(machines: Machines) -> None:
    """A worker is killed during a send; the other one takes the run over, and the lead is sent once."""
    mortal, survivor = machines.workers
    mortal.stop()
    mortal.environment["ALC_FAILPOINTS"] = "create_lead.after:kill"
    mortal.start()
    sent: list[str] = []

    def send_until_one_dies() -> bool:
        sent.append(machines.send(f"Person {len(sent)}"))
        return machines.running_workers() == [survivor]

    eventually(send_until_one_dies, what=machines.stack.logs)
    for record_id in sent:
        machines.first.wait_for_status(record_id, "Pending")
        assert len(machines.alc.leads(record_id)) == 1
    mortal.environment["ALC_FAILPOINTS"] = ""
    mortal.start()


def test_a_worker_that_has_lost_its_name_ends_before_it_does_harm(machines: Machines) -> None:
    """Its lock is bound to a connection to Postgres. Without it another worker may take over, so this one ends."""
    eventually(machines.cut_the_lock_of_a_worker)

    eventually(lambda: len(machines.running_workers()) == 1, what=machines.stack.logs)
    assert [worker.wait_for_exit() for worker in machines.workers if not worker.is_running] == [1]
    record_id = machines.send("Tom Hale")
    machines.first.wait_for_status(record_id, "Pending")


def test_disconnecting_on_one_machine_leaves_nothing_on_any(machines: Machines) -> None:
    """Removal 1-3, on either machine."""
    machines.second.disconnect_alc()

    eventually(lambda: not machines.alc.webhooks(), what=machines.alc.webhooks)
    eventually(lambda: not machines.first.is_connected())
    assert "/connections/alc/disconnect" not in machines.second.get("/apps/alc").text
