"""The tutorial page and `alc-app tour` on real servers: a step is done when it has happened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack, free_ports
from tests.support.waiting import eventually

INSTALLATION = [f"installation-{number}" for number in range(1, 8)]
USAGE = [f"usage-{number}" for number in range(1, 13)]
LATER = ["later-10", "later-11"]
REMOVAL = ["removal-1", "removal-2", "removal-3"]
A_WALK = 150.0
"""Seconds after which a walk has long given up by itself, and said at which step."""


def tour(user: User, step: str = "") -> dict[str, Any]:
    """Return the state of the tutorial, as the page's script gets it."""
    return dict(user.get(f"/tutorial/state.json?step={step}").json())


def seen(user: User, *steps: str) -> dict[str, str]:
    """Wait until these steps are done. Return the fact that shows each step."""

    def found() -> dict[str, str]:
        standing = {step["slug"]: step for step in tour(user)["steps"]}
        done = all(standing[step]["state"] == "done" for step in steps)
        return {slug: step["saw"] for slug, step in standing.items() if step["state"] == "done"} if done else {}

    return eventually(found, what=lambda: tour(user)["steps"])


@pytest.fixture
def beginner(disconnected_user: User) -> User:
    """A user without a connection who starts the tutorial."""
    disconnected_user.post("/tutorial/reset")
    return disconnected_user


def test_a_person_walks_all_24_steps(beginner: User, alc: Alc, attio: Attio) -> None:
    """Installation 1-7, Usage 1-12, Later 10-11 and Removal 1-3, each with the fact that shows it."""
    ada = attio.add_person("Ada King", "+442079460101")
    assert list(seen(beginner, "usage-1")) == ["usage-1"]

    beginner.connect_alc()
    assert "ALC answered 201 after" in seen(beginner, *INSTALLATION)["installation-7"]

    beginner.get(f"/people/{ada}")
    beginner.click_send(ada)
    lead = alc.leads(ada)[0]["id"]
    saw = seen(beginner, *USAGE)
    assert saw["usage-8"].endswith(f"created the lead {lead}.")
    assert saw["usage-9"].endswith("the record says Pending.")
    assert tour(beginner)["current"] == "later-10"

    alc.decide(lead)
    assert seen(beginner, *LATER)["later-11"].endswith("the record says Complete.")
    assert "One click, one chat" in tour(beginner)["milestone"]

    beginner.disconnect_alc()
    seen(beginner, *INSTALLATION, *USAGE, *LATER, *REMOVAL)
    assert tour(beginner)["done"] == tour(beginner)["total"] == 24


def failed(user: User) -> list[str]:
    return [step["slug"] for step in tour(user)["steps"] if step["state"] == "failed"]


def test_steps_count_in_any_order_in_any_browser_and_after_a_restart(
    beginner: User, stack: Stack, attio: Attio
) -> None:
    """A click without a connection, another browser, and a restarted web process."""
    record_id = attio.add_person("Ines Castro", "+442079460102")
    beginner.click_send(record_id)
    seen(beginner, "usage-3", "usage-6")
    eventually(lambda: failed(beginner) == ["usage-7"], what=lambda: failed(beginner))
    assert tour(beginner)["current"] == "installation-1"

    other = User(stack.app_url)
    other.connect_alc()
    seen(beginner, *INSTALLATION)

    stack.web.stop()
    stack.web.start()
    seen(User(stack.app_url), *INSTALLATION, "usage-3")
    assert tour(beginner)["current"] == "usage-2"


def test_disconnecting_midway_is_no_trap(beginner: User, attio: Attio) -> None:
    """The next step says that it needs a connection and how to make one. Steps that were done stay done."""
    beginner.connect_alc()
    beginner.get(f"/people/{attio.find('Ada Lovelace')}")
    seen(beginner, *INSTALLATION, "usage-2")

    beginner.disconnect_alc()

    seen(beginner, *INSTALLATION, *REMOVAL)
    panel = tour(beginner)["panel"]
    assert (panel["slug"], panel["deed"]) == ("usage-3", "connect")


def test_starting_over_forgets_and_touches_nothing(user: User) -> None:
    """The connection stays, and counts as made before the tutorial."""
    user.post("/tutorial/reset")

    assert user.is_connected()
    states = {step["slug"]: step["state"] for step in tour(user)["steps"]}
    assert [states[slug] for slug in INSTALLATION] == ["before"] * 7
    assert not [slug for slug in [*USAGE[1:], *LATER, *REMOVAL] if states[slug] != "open"]


def test_signing_in_is_done_for_a_person_in_their_own_browser(beginner: User) -> None:
    """“Do it for me”: the app goes through ALC's pages, and the user's browser gets the callback."""
    asked = beginner.session.get(
        f"{beginner.app_url}/connections/alc/connect", headers={"Accept": "application/json"}, timeout=30
    ).json()
    led_to = beginner.post("/tutorial/log-in", json=asked).json()["location"]
    assert led_to.startswith(f"{beginner.app_url}/connections/alc/callback?")

    assert beginner.session.get(led_to, timeout=60).status_code == 200
    seen(beginner, *INSTALLATION)


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1/oauth", "file:///etc/passwd", "http://alc.example.com/"])
def test_nothing_but_alc_is_visited_for_a_person(user: User, address: str) -> None:
    """O8: the URL comes from a browser, so it could be any."""
    answer = user.post("/tutorial/log-in", json={"location": address}, headers={"Accept": "application/json"})

    assert answer.status_code == 409
    assert "The app cannot sign in for you" in answer.json()["error"]["message"]


def decide_the_lead_sent_since(user: User, alc: Alc, before: list[dict[str, Any]]) -> None:
    """Wait for the lead that a tour sends, and decide it once its record is Pending, as a real chat would."""
    known = {lead["id"] for lead in before}
    [sent] = eventually(lambda: [lead for lead in alc.leads() if lead["id"] not in known])
    user.wait_for_status(sent["record_id"], "Pending")
    alc.decide(sent["id"])


def test_the_tour_in_the_terminal_walks_by_itself_and_ends_well(user: User, stack: Stack, alc: Alc) -> None:
    """The same texts and facts as on the page. `--start-over` disconnects first; a second tour finds all done."""
    before = alc.leads()
    tour_ = stack.command("tour", "--auto", "--start-over")
    decide_the_lead_sent_since(user, alc, before)
    code, output = tour_.output(A_WALK)

    assert code == 0, output
    for text in ("1. User clicks to install the app.", "record says Complete.", "alc_app/send_to_alc_server.py:"):
        assert text in " ".join(output.split()), output
    code, output = stack.command("tour", "--auto").output(A_WALK)
    assert "You have seen all 24 steps. ALC has no webhook of this app left." in output
    assert code == 0


def test_the_tour_in_the_terminal_asks_before_it_does_anything(user: User, stack: Stack, alc: Alc) -> None:
    """It asks for Enter before each action of the user. Ending it there changes nothing."""
    code, output = stack.command("tour", "--start-over").output()  # its input ends here
    assert "Press Enter to press Connect" in output
    assert code == 1
    assert not user.is_connected()

    before = alc.leads()
    walk = stack.command("tour", typed="\n" * 9)
    decide_the_lead_sent_since(user, alc, before)
    code, output = walk.output(A_WALK)
    assert code == 0, output
    for what in ("sign in at ALC", "open a person", "press Send to ALC", "disconnect Acme Lead Checker"):
        assert f"Press Enter to {what}" in output


def test_the_tour_in_the_terminal_says_how_to_start_the_demo(stack: Stack) -> None:
    """When no app answers at the URL."""
    code, output = stack.command("tour", ALC_APP_PORT=str(free_ports(1)[0])).output()

    assert code == 1
    assert "scripts/demo" in output
