"""`mock-alc grade` on our own webhook endpoint: how well it follows Standard Webhooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack


def test_our_webhook_gets_full_marks(stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
    """Every correct delivery is accepted, every incorrect one is refused, and the record is unchanged.

    The verdicts of the run are about a lead that the app does not know, so none of them may be written.
    """
    record_id = attio.add_person("Ines Duarte", "+442079460061")
    url = str(alc.webhooks("lead.processed")[0]["url"])
    command = [sys.executable, "-m", "mock_alc", "grade", url, "--record-id", record_id, "--json"]
    environment = {**os.environ, "WEBHOOK_SECRET": stack.webhook_secret(url)}

    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own program

    report = json.loads(ran.stdout)
    assert not [(result["name"], result["complaint"]) for result in report["results"] if result["outcome"] != "passed"]
    assert (ran.returncode, report["full_marks"]) == (0, True)
    assert attio.value(record_id, "alc_status") is None
