"""The doctor on real faults: it names what is wrong, mends what it can, and then finds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

WELL, FINDINGS_REMAIN, COULD_NOT_CHECK = 0, 1, 2


class Installation:
    """Servers of its own, because other tests leave findings behind."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        self.user = User(stack.app_url)

    def run(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run `alc-app` with these arguments and `--json`. Return the exit code and the output."""
        code, printed = self.stack.command(*arguments, "--json").output()
        return code, json.loads(printed)

    def look(self) -> dict[str, list[str]]:
        """Return the findings of the doctor's page, by check."""
        report = self.user.post("/doctor/report", json={}).json()
        return {check["name"]: texts_of(check) for check in report["checks"] if not check["ok"]}

    def is_well(self) -> None:
        """Wait until the page shows no findings; the worker does part of the mending."""
        eventually(lambda: not self.look(), what=self.look)


def texts_of(check: dict[str, Any]) -> list[str]:
    return [finding["text"] for finding in check["findings"] if not finding["mended"]]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs, is connected, and has no findings."""
    with Stack(tmp_path_factory.mktemp("home")) as stack:
        made = Installation(stack)
        made.user.connect_alc()
        yield made


def test_what_others_broke_is_named_mended_and_well(installation: Installation) -> None:
    """I2, I4: a deleted webhook, an orphan and an overwritten record are mended by one `--fix`."""
    alc, attio = installation.alc, installation.attio
    record_id = attio.add_person("Vera Lind", "+442079460070")
    installation.user.click_send(record_id)
    installation.is_well()
    [webhook] = alc.webhooks("lead.processed")
    alc.delete_webhook(webhook["webhook_id"])
    orphan = alc.add_webhook("forgotten", f"{installation.stack.app_url}/hooks/forgotten")
    disconnected_user = alc.add_webhook("other", "http://127.0.0.1:9/hooks/other")
    attio.write(record_id, alc_status="Complete")

    code, report = installation.run("doctor")
    named = {check["name"]: texts_of(check) for check in report["checks"] if not check["ok"]}
    assert code == FINDINGS_REMAIN
    assert set(named) == {"Webhooks at ALC", "Records in the CRM"}
    assert any(webhook["name"] in text for text in named["Webhooks at ALC"])
    assert any(orphan in text for text in named["Webhooks at ALC"])
    code, report = installation.run("doctor", "--fix")

    assert (code, report["ok"]) == (WELL, True)
    assert {hook["webhook_id"] for hook in alc.webhooks()} > {disconnected_user}
    assert {hook["name"] for hook in alc.webhooks("lead.processed")} == {webhook["name"], "other"}
    eventually(lambda: attio.value(record_id, "alc_status") == "Pending")
    installation.is_well()
    alc.decide(alc.leads(record_id)[0]["id"])
    installation.user.wait_for_status(record_id, "Complete")


def test_a_worker_that_is_gone_is_missed(installation: Installation) -> None:
    """The queue is compared with its workers; without a worker no mended work is done."""
    installation.stack.worker.kill()
    try:
        found = installation.look()
    finally:
        installation.stack.worker.start()

    assert list(found) == ["Workers"]
    assert "No worker is running" in found["Workers"][0]
    installation.is_well()


def test_while_alc_is_away_nothing_is_called_well(installation: Installation) -> None:
    """Exit code 2: nothing wrong was found, but not everything could be checked."""
    installation.stack.alc.stop()
    try:
        code, report = installation.run("doctor")
    finally:
        installation.stack.alc.start()

    unknown = [found for check in report["checks"] for found in check["findings"]]
    assert code == COULD_NOT_CHECK
    assert {found["level"] for found in unknown} == {"unknown"}


def test_a_dead_letter_is_listed_replayed_and_dismissed(installation: Installation) -> None:
    """C5: the person was deleted, so the verdict can never be written."""
    alc, attio = installation.alc, installation.attio
    record_id = attio.add_person("Ivo Reis", "+442079460071")
    installation.user.click_send(record_id)
    attio.delete(record_id)
    alc.decide(alc.leads(record_id)[0]["id"])

    def dead() -> list[dict[str, Any]]:
        return list(installation.user.get("/doctor/dead-letters.json").json()["dead_letters"])

    [letter] = eventually(dead)
    assert record_id in letter["text"]
    code, done = installation.run("dead-letters", "replay", letter["id"])
    assert (code, done["done"][0]["id"]) == (0, letter["id"])
    eventually(lambda: [each["id"] for each in dead()] == [letter["id"]])
    installation.user.post("/doctor/dead-letters", data={"id": letter["id"], "do": "dismiss"})

    assert not dead()
    installation.is_well()
