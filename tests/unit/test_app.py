"""The manifest: every entry point, under the name that the tutorial gives it."""

import pytest

from alc_app.app import app
from alc_app.send_to_alc_server import send_to_alc
from alc_app.webhooks.lead_processed import lead_processed


def test_entry_points_are_found_by_name() -> None:
    """The tutorial's `app.ts`, and what its tooling finds by file name."""
    assert app.record_action("send-to-alc").label == "Send to ALC"
    assert app.server_function("send_to_alc") is send_to_alc
    assert app.webhook("lead_processed") is lead_processed


def test_a_misspelt_name_says_which_there_are() -> None:
    """Errors teach."""
    with pytest.raises(LookupError, match=r'No webhook file named "lead_procesed". The manifest has: lead_processed.'):
        app.webhook("lead_procesed")
    with pytest.raises(LookupError, match="The manifest has: send-to-alc"):
        app.record_action("send")
    with pytest.raises(LookupError, match="The manifest has: send_to_alc"):
        app.server_function("send")


def test_what_can_be_left_unfinished_has_somebody_to_finish_it() -> None:
    """I6: an owner for each kind of due row."""
    jobs = ["resolve_send", "sync_record", "check_verdict", "reconcile_leads", "look_at_changes"]
    assert [job.name for job in app.operations.jobs] == [*jobs, "maintain_subscription", "notify_workflow"]
