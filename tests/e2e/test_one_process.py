"""The smallest installation: the worker inside the web process."""

from pathlib import Path

from tests.support.outside import Alc, Attio
from tests.support.people import User
from tests.support.stack import Stack


def test_one_process_serves_works_and_stops(tmp_path: Path) -> None:
    """`alc-app serve --with-worker`: the whole loop, and exit code 0 on SIGTERM."""
    stack = Stack(tmp_path)
    stack.web.arguments.append("--with-worker")
    stack.servers.remove(stack.worker)
    with stack:
        user, alc, attio = User(stack.app_url), Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")
        user.connect_alc()
        record_id = attio.add_person("Ida Berg", "+442079460080")

        user.click_send(record_id)
        alc.decide(alc.leads(record_id)[0]["id"])

        user.sees_status(record_id, "Complete")
        assert stack.web.stop() == 0
