"""The traffic of real servers, compared with the tutorial's two diagrams."""

from __future__ import annotations

from typing import Any

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.tutorial import INSTALLATION, REMOVAL, USAGE, Arrow
from tests.support.waiting import eventually


def story(user: User, last: str) -> list[Arrow]:
    """Return the arrows of the newest run, once its last label has these words."""

    def whole() -> list[dict[str, Any]]:
        messages = user.get("/exchanges.json").json()["messages"]
        trace_id = next((m["trace_id"] for m in reversed(messages) if m["words"] == last), None)
        return [message for message in messages if message["trace_id"] == trace_id]

    return [(m["sender"], m["receiver"], m["words"]) for m in eventually(whole, what=lambda: f"no {last!r}")]


def test_connecting_is_the_installation_diagram(disconnected_user: User) -> None:
    """Installation 1-7: every arrow of the tutorial, in its order. TUTORIAL: it shows the app as installed before the
    event handler has run; Attio fires the event before the connection is saved, and so do we."""
    disconnected_user.connect_alc()

    assert_has_in_order(story(disconnected_user, "Shows app is now installed"), INSTALLATION)


def test_a_click_is_the_usage_diagram(user: User, alc: Alc, attio: Attio) -> None:
    """Usage 3-12 and Later 10-11: one trace from the click to the record, minutes later."""
    record_id = attio.add_person("Mina Sato", "+442079460088")
    user.click_send(record_id)
    alc.decide(alc.leads(record_id)[0]["id"])
    user.wait_for_status(record_id, "Complete")

    assert_has_in_order(story(user, 'with ATTIO_API_TOKEN to mark record "Complete"'), USAGE)


def test_disconnecting_is_the_tutorials_removal(user: User) -> None:
    """Removal 1-3."""
    user.disconnect_alc()

    assert_has_in_order(story(user, "Shows the connection is removed"), REMOVAL)


def test_no_secret_is_in_the_log_of_exchanges(user: User) -> None:
    """U8: tokens, codes, secrets and whole webhook URLs are removed before an exchange is stored."""
    user.disconnect_alc()
    user.connect_alc()
    text = eventually(lambda: "Shows app is now installed" in (t := user.get("/exchanges.json").text) and t)

    for secret in ("whsec_", "alc_at_", "alc_rt_", "code_verifier=e", "Bearer alc"):
        assert secret not in text
    assert "•••" in text or "\\u2022" in text


def assert_has_in_order(found: list[Arrow], wanted: list[Arrow]) -> None:
    """Check that each expected arrow is there, after the one before it."""
    rest = iter(found)
    for arrow in wanted:
        assert any(arrow == seen for seen in rest), f"{arrow} is not in its place in {found}"
