"""`mock-alc grade` on our own webhook endpoints: how well they follow Standard Webhooks, and Attio's rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually


def grade(url: str, secret: str, *options: str) -> dict[str, Any]:
    """The report of the command, which is run as a person runs it."""
    command = [sys.executable, "-m", "mock_alc", "grade", url, *options, "--json"]
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own program
    report: dict[str, Any] = json.loads(ran.stdout)
    assert ran.returncode == (0 if report["full_marks"] else 1)
    return report


def complaints(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The checks that did not pass."""
    return [(one["name"], one["complaint"]) for one in report["results"] if one["outcome"] != "passed"]


def test_our_webhook_gets_full_marks(stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
    """Every correct delivery is accepted, every incorrect one is refused, and the record is unchanged.

    The verdicts of the run are about a lead that the app does not know, so none of them may be written.
    """
    record_id = attio.add_person("Ines Duarte", "+442079460061")
    url = str(alc.webhooks("lead.processed")[0]["url"])

    report = grade(url, stack.webhook_secret(url), "--record-id", record_id)

    assert not complaints(report)
    assert attio.value(record_id, "alc_status") is None


def test_our_endpoint_for_attios_events_gets_full_marks(stack: Stack, user: User, attio: Attio) -> None:
    """By Attio's rules. The events of the run say that a record has changed; it has not, so nobody is sent to ALC."""
    record_id = attio.add_person("Ines Duarte", "+442079460062")
    eventually(lambda: len(attio.webhooks()) == 1, what=attio.webhooks)
    url = str(attio.webhooks()[0]["target_url"])

    report = grade(url, stack.webhook_secret(url), "--dialect", "attio", "--record-id", record_id)

    assert not complaints(report)
    assert attio.value(record_id, "alc_status") is None
