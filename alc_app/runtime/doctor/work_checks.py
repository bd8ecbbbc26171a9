"""What the runtime itself can be checked for: is the work being done?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from alc_app.attio.host.doctor import Check, Finding
from alc_app.runtime.doctor.installation_checks import check_clocks, check_files, check_keys, check_sqlite
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.services import WORKSPACE, House
from alc_app.runtime.storage.tables import ConnectionRow

LATE = 60.0
"""Seconds past its time after which something is worth a word."""


def own_checks(house: House) -> list[Check]:
    """The runtime's checks, in the order in which they are read."""
    checks: dict[str, Callable[[House], Iterator[Finding]]] = {
        "Workers": check_workers,
        "Connection": check_connection,
        "Deliveries": check_deliveries,
        "Dead letters": check_dead_letters,
        "Keys": check_keys,
        "Clocks": check_clocks,
        "Files": check_files,
        "SQLite": check_sqlite,
    }
    return [Check(name, partial(find, house)) for name, find in checks.items()]


def check_workers(house: House) -> Iterator[Finding]:
    """Work that waits needs somebody who lives."""
    living = house.executors.living()
    late = house.engine.in_state("ENQUEUED", before=house.now() - LATE)
    if not living:
        text = "No worker is running, so nothing that is asked for gets done. Start one with: alc-app worker"
        yield Finding(text, "worker")
    if late:
        text = f"{_count(len(late), 'run has', 'runs have')} waited for more than a minute for a worker to begin."
        yield Finding(text, late[0].id, "warning" if living else "error")
    begun = [run.executor for run in house.engine.in_state("PENDING")]
    for executor in sorted({name for name in begun if name and name not in living}):
        number = _count(begun.count(executor), "run is", "runs are")
        text = f"{number} unfinished by the worker {executor}, which is not running."
        yield Finding(text, executor, mend=partial(_take_over, house))


def check_connection(house: House) -> Iterator[Finding]:
    """Nothing stays half done, and a person is told when only a person can help."""
    for row in house.connections.unsettled(WORKSPACE):
        overdue = row.due_at is not None and row.due_at < house.now() - LATE
        if row.status == "needs_reconnect":
            text = f"ALC no longer accepts the connection {row.id}. Connect again on the page of the app."
            yield Finding(text, row.id)
        elif overdue:
            doing = "added" if row.status == "adding" else "removed"
            text = f"The connection {row.id} should have been {doing} by now, or tried again."
            yield Finding(text, row.id, mend=partial(_undo, house, row))
        elif row.tries:
            text = f"The connection {row.id} is still to be cleaned up at ALC, and is tried again by itself: {row.why}"
            yield Finding(text, row.id, "warning")


def check_deliveries(house: House) -> Iterator[Finding]:
    """What was answered with 2xx is on its way within a minute."""
    if late := house.inbox.late(LATE):
        text = (
            f"{_count(late, 'delivery waits', 'deliveries wait')} for a run that nobody has asked for. Workers do that."
        )
        yield Finding(text, "inbox")


def check_dead_letters(house: House) -> Iterator[Finding]:
    """Work that has ended in failure."""
    for letter in dead_letters.find(house):
        mend = None if letter.advice else partial(dead_letters.replay, house, letter.id)
        yield Finding(" ".join(filter(None, (letter.text, letter.why, letter.advice))), letter.id, "warning", mend)


def _take_over(house: House) -> str:
    with house.executors.dead() as executors:
        house.engine.take_over(executors)
    return "What it had begun is in the queue again."


def _undo(house: House, row: ConnectionRow) -> str:
    house.engine.ask("remove", row.id, queue="lifecycle", only_one_of=f"remove:{row.id}")
    return f"The worker has been asked to clean up the connection {row.id}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
