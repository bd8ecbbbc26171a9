"""The steps of a connect run: what is done, what runs, what failed, what is left out."""

import pytest
from flask.testing import FlaskClient

from alc_app.attio.host.runs import FinishedStep
from alc_app.pages import ConnectionView, ConnectRun
from alc_app.pages.connect_steps import shown_steps
from tests.support.fakes.workspace import CONNECT_RUN, FakeWorkspace

CODE, HANDLER = FinishedStep("exchange_code", 21.0), FinishedStep("create_webhook_handler", 4.0)
REFUSED = FinishedStep("create_webhook", 9.0, failed=True)


@pytest.mark.parametrize(
    ("run", "states"),
    [
        (ConnectRun([], is_over=False), "running waiting waiting waiting waiting"),
        (ConnectRun([CODE], is_over=False), "done running waiting waiting waiting"),
        (ConnectRun([CODE, HANDLER, REFUSED], is_over=False), "done done failed waiting waiting"),
        (ConnectRun([CODE, HANDLER, REFUSED]), "done done failed left_out left_out"),
        (ConnectRun([CODE, HANDLER]), "done done failed left_out left_out"),
        (CONNECT_RUN, "done done done done done"),
    ],
)
def test_each_step_is_in_the_state_that_the_run_has_come_to(run: ConnectRun, states: str) -> None:
    """Installation 4-7: one step runs at a time, and what comes after a failure is left out."""
    assert " ".join(step.state for step in shown_steps(run)) == states


def test_the_page_shows_them_while_they_run_and_keeps_them_afterwards(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """Without scripts the page goes on by itself, to the end of the run."""
    workspace.run = ConnectRun([CODE], is_over=False)
    connecting = browser_client.get("/apps/alc?connecting=c0ffee").text
    assert 'url=/connections/alc/ended?connecting=c0ffee"' in connecting
    assert "Disconnect</button>" not in connecting
    assert browser_client.get("/apps/alc/steps.json?connecting=c0ffee").get_json()["steps"][0]["ms"] == 21.0

    workspace.run = CONNECT_RUN
    assert "How it was connected" in browser_client.get("/apps/alc").text


def test_a_run_that_has_been_forgotten_leaves_no_list(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """The engine keeps runs for a week; a connection lives longer. And without a connection there is no run."""
    workspace.run = ConnectRun()
    assert "How it was connected" not in browser_client.get("/apps/alc").text

    workspace.run, workspace.view = CONNECT_RUN, ConnectionView("none")
    assert "How it was connected" not in browser_client.get("/apps/alc").text
