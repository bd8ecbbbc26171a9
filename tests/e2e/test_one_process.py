"""The smallest installation: the worker inside the web process, with JSON logs at DEBUG."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import CLIENT_SECRET, Stack

ATTIO_TOKEN, PHONE_NUMBER = "e2e-attio-token", "+442079460080"
LOOKS_SECRET = re.compile(r"alc_[a-z]+_[\w-]{20,}|whsec_\w|v1,\w|(?i:bearer|basic) \w")
"""ALC's tokens, signing secrets, signatures and the headers that carry a key."""


def test_one_process_serves_works_stops_and_logs_no_secret(tmp_path: Path) -> None:
    """U8: `alc-app serve --with-worker` does the whole loop, exits with 0 on SIGTERM, and logs no secret at DEBUG."""
    stack = Stack(tmp_path)
    stack.web.arguments.append("--with-worker")
    stack.servers.remove(stack.worker)
    stack.web.environment |= {"ALC_APP_LOG_LEVEL": "DEBUG", "ALC_APP_LOG_FORMAT": "json"}
    with stack:
        user, alc, attio = User(stack.app_url), Alc(stack.alc_url), Attio(stack.attio_url, ATTIO_TOKEN)
        callback = next(step.url for step in user.connect_alc().history if "/callback?" in step.url)
        record_id = attio.add_person("Ida Berg", PHONE_NUMBER)

        user.click_send(record_id)
        alc.decide(alc.leads(record_id)[0]["id"])

        user.wait_for_status(record_id, "Complete")
        user.disconnect_alc()
        assert stack.web.stop() == 0

    logged = stack.web.log.read_text() + stack.attio.log.read_text()
    query = parse_qs(urlsplit(callback).query)
    keys = [(tmp_path / name).read_text().strip() for name in ("session_key", "sealing_key")]
    for canary in (CLIENT_SECRET, ATTIO_TOKEN, PHONE_NUMBER[1:], *query["code"], *query["state"], *keys):
        assert canary not in logged
    assert not LOOKS_SECRET.search(logged), LOOKS_SECRET.search(logged)
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert {"DEBUG", "INFO"} <= {line["level"] for line in lines}
    assert [line for line in lines if line["message"] == f"The record {record_id} says Complete." and line["trace_id"]]
