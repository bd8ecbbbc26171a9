"""The secrets that ALC signs with are replaced: from the page, by the command, and by somebody at ALC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.contract import assert_requests_keep_the_contract
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

DAY = 86_400


class Installation:
    """The servers, with a connection that is as new as its secrets."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.user = stack, User(stack.app_url)
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        if self.user.is_connected():
            self.user.disconnect_alc()
        eventually(lambda: not self.alc.webhooks(), what=self.alc.webhooks)
        self.user.connect_alc()
        eventually(lambda: len(self.alc.webhooks()) == 2, what=self.alc.webhooks)  # the connector has subscribed
        self.webhook: dict[str, str] = self.alc.webhooks("lead.processed")[0]

    def secret(self) -> str:
        """Return the current secret of the handler of verdicts."""
        return self.stack.webhook_secret(self.webhook["url"])

    def send(self) -> str:
        """Send a new person, and return the record id."""
        record_id = self.attio.add_person("Juno Adeyemi", "+442079460081")
        self.user.click_send(record_id)
        return record_id

    def decide(self, record_id: str) -> None:
        """Let ALC decide on the lead of this record, and deliver the verdict."""
        self.alc.decide(self.alc.leads(record_id)[0]["id"])

    def verdict(self) -> str:
        """Send a new person, let ALC decide, wait until the record says Complete, and return the record id."""
        record_id = self.send()
        self.decide(record_id)
        self.user.wait_for_status(record_id, "Complete")
        return record_id

    def signed_by(self, record_id: str, secret: str) -> bool:
        """Return whether the last delivery about this record carried a signature made with this secret."""
        eventually(lambda: self._deliveries(record_id))  # the log of exchanges is written by a thread
        sent = self._deliveries(record_id)[-1]
        try:
            Webhook(secret).verify(sent["body"], sent["headers"])
        except WebhookVerificationError:
            return False
        return True

    def _deliveries(self, record_id: str) -> list[dict[str, Any]]:
        messages = self.user.get("/exchanges.json").json()["messages"]
        requests = [message["detail"].get("request") for message in messages if message["sender"] == "ALC"]
        return [request for request in requests if request and record_id in request["body"]]

    def run(self, *words: str) -> tuple[int, str]:
        """Run `alc-app`; return its exit code and what it prints."""
        return self.stack.command(*words).output()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers of their own, because a test moves ALC's clock by days."""
    with Stack(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def installation(stack: Stack) -> Iterator[Installation]:
    """A new connection. After the test, every request to ALC must match ALC's OpenAPI document."""
    Alc(stack.alc_url).reset_clock()
    yield Installation(stack)
    assert_requests_keep_the_contract(stack.alc_url)


def test_from_the_button_to_a_delivery_signed_with_the_new_secret(installation: Installation) -> None:
    """R5, R19: ALC signs with both for a day, then with the new one alone; each delivery is accepted."""
    before = installation.secret()
    page = installation.user.rotate_secrets()
    assert "Each webhook at ALC gets a new signing secret." in page.text
    eventually(lambda: not installation.user.is_rotating(), what=installation.stack.logs)
    assert "The previous secret works until" in installation.user.get("/apps/alc").text

    new, both = installation.secret(), installation.verdict()
    assert new != before
    assert (installation.signed_by(both, new), installation.signed_by(both, before)) == (True, True)
    installation.alc.advance_clock(DAY)
    alone = installation.verdict()
    assert (installation.signed_by(alone, new), installation.signed_by(alone, before)) == (True, False)
    assert installation.alc.statuses_of_attempts(both) == installation.alc.statuses_of_attempts(alone) == [200]


def test_by_the_command_while_alc_is_away_and_again(installation: Installation) -> None:
    """R5: ALC signs with the previous secret until it is told; run again, the command goes on with the same new one."""
    before, record_id = installation.secret(), installation.send()
    installation.stack.alc.stop()
    status, said = installation.run("rotate-secrets")
    assert (status, "The new secrets are stored, and the previous ones stay valid." in said) == (1, True), said
    new = installation.secret()
    assert installation.run("rotate-secrets")[0] == 1
    assert installation.secret() == new != before

    installation.stack.worker.stop()
    installation.stack.alc.start()
    installation.decide(record_id)  # ALC has not been told: it signs with the previous secret
    eventually(lambda: installation.alc.statuses_of_attempts(record_id) == [200])
    assert (installation.signed_by(record_id, new), installation.signed_by(record_id, before)) == (False, True)
    installation.stack.worker.start()
    installation.user.wait_for_status(record_id, "Complete")
    eventually(lambda: installation.stack.make_rows_due() or not installation.user.is_rotating())
    assert installation.secret() == new
    assert installation.signed_by(installation.verdict(), new)

    assert installation.run("rotate-secrets") == (0, "Webhooks at ALC with a new signing secret: 2.\n")
    assert installation.signed_by(installation.verdict(), installation.secret())


def test_a_secret_that_somebody_rotated_at_alc_is_named_and_replaced(installation: Installation) -> None:
    """R5, I2: the doctor sees it before a delivery is refused; what was refused meanwhile is accepted afterwards."""
    installation.alc.rotate_secret(installation.webhook["webhook_id"])
    installation.verdict()  # signed with our secret too, for a day

    status, said = installation.run("doctor")
    assert (status, "at ALC, so the app does not have it" in said) == (1, True), said
    installation.alc.advance_clock(DAY)
    record_id = installation.send()
    installation.decide(record_id)
    eventually(lambda: 401 in installation.alc.statuses_of_attempts(record_id))
    status, said = installation.run("doctor", "--fix")
    assert (status, "has a new signing secret" in said) == (0, True), said

    installation.user.wait_for_status(record_id, "Complete")
    eventually(lambda: installation.alc.statuses_of_attempts(record_id)[-1] == 200)
    assert installation.run("doctor")[0] == 0
