"""The people table and the record page, as HTML."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from alc_app.pages import Change
from alc_app.pages.view_models import TaskView
from tests.support.fakes.workspace import AT, FakeWorkspace, make_person, record_id

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "\u202egnp.exe",
    "{{ 7777 * 1111 }}",
    "x" * 10_000,
)


def names(html: str) -> list[str]:
    return re.findall(r'aria-label="Select ([^"]*)"></label></td>', html)


def test_the_front_door_leads_to_the_people(browser_client: FlaskClient) -> None:
    """`/` is the table of people."""
    assert browser_client.get("/").location == "/people"


def test_the_table_is_sorted_by_name_and_links_to_the_other_way_round(browser_client: FlaskClient) -> None:
    """A heading sorts by its column, and turns the order when it is the column already."""
    html = browser_client.get("/people").text
    assert names(html)[1:3] == ["Ada Lovelace", "Barbara Liskov"]
    assert 'aria-sort="ascending"' in html
    turned = browser_client.get("/people?sort=name&order=desc").text
    assert names(turned) == names(html)[::-1]
    assert "/people?sort=name&amp;order=desc" in html


def test_searching_keeps_the_order_and_shows_who_matches(browser_client: FlaskClient) -> None:
    """The search box is a plain GET form, and its words come back in it."""
    html = browser_client.get("/people?q=grace&sort=company").text
    assert names(html) == ["Grace Hopper"]
    assert 'name="q" value="grace"' in html
    assert 'name="sort" value="company"' in html


@pytest.mark.parametrize("query", ["sort=__class__", "page=-3", "page=x", "page=99999999999999999999", "order=0"])
def test_an_address_that_makes_no_sense_is_answered_with_a_page(browser_client: FlaskClient, query: str) -> None:
    """What cannot be meant falls back to the default, and never to an error (U9)."""
    assert browser_client.get(f"/people?{query}").status_code == 200


def test_more_than_fifty_people_are_paged(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Each page links to its neighbours, and only to those that exist."""
    workspace.everyone = [make_person(n, f"Person {n:03}") for n in range(1, 61)]
    first, second = browser_client.get("/people").text, browser_client.get("/people?page=2").text
    assert (len(names(first)), len(names(second))) == (50, 10)
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second


def test_a_search_without_a_match_says_so(browser_client: FlaskClient) -> None:
    """An empty table is a sentence and a way out, and the words that were searched are shown as text (U2)."""
    html = browser_client.get("/people", query_string={"q": "<b>nobody"}).text
    assert "No one matches “<bdi>&lt;b&gt;nobody</bdi>”" in html
    assert "Show everyone" in html


def test_a_record_explains_its_status_without_scripts(browser_client: FlaskClient) -> None:
    """A disclosure that HTML itself opens, with times that the script may localise, and a link to where to help."""
    html = browser_client.get(f"/people/{record_id(4)}").text
    [why] = re.findall(r'<details class="why".*?</details>', html, re.DOTALL)

    assert "Tommy Flowers sent Radia Perlman to ALC on <time datetime=" in why
    assert "The record shows “Pending”." in why
    assert 'href="/doctor"' in why


def test_an_explanation_is_there_for_the_script_too(browser_client: FlaskClient) -> None:
    """Texts and times, part by part."""
    found = browser_client.get(f"/people/{record_id(4)}/why.json").json

    assert found == {
        "sentences": [
            [{"text": "Tommy Flowers sent Radia Perlman to ALC on "}, {"at": AT.isoformat()}, {"text": "."}],
            [{"text": "The record shows “Pending”."}],
        ],
        "label": "Open Doctor",
        "href": "/doctor",
    }
    assert browser_client.get(f"/people/{record_id(99)}/why.json").status_code == 404


def test_a_record_shows_its_attributes_its_actions_and_its_history(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """Usage 1-2: the action is a button on the record page and an entry of the palette."""
    workspace.changes[record_id(2)] = [Change(AT, "ALC status", "Complete", "Acme Lead Checker")]
    html = browser_client.get(f"/people/{record_id(2)}").text
    assert html.count(f'data-action="/people/{record_id(2)}/actions/send-to-alc"') == 2
    for text in (
        "Grace Hopper",
        "Flow-Matic",
        "lead_7f2a",
        "20 Nov 2026, 09:12 UTC",
        'data-status="Complete"',
    ):
        assert text in html


def test_a_record_lists_its_tasks(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """What a workflow has left to do, as text; without tasks there is no list."""
    hidden = 'aria-labelledby="tasks-title" hidden>'
    assert hidden in browser_client.get(f"/people/{record_id(2)}").text
    workspace.todo[record_id(2)] = [TaskView("Call <b>Grace</b>", False, AT), TaskView("Write", True, AT)]
    html = browser_client.get(f"/people/{record_id(2)}").text
    assert "Call &lt;b&gt;Grace&lt;/b&gt;</bdi>" in html
    assert hidden not in html
    assert html.count(">Done</span>") == 1
    assert browser_client.get(f"/people/{record_id(2)}/tasks.json").get_json()["tasks"][1] == {
        "content": "Write",
        "is_completed": True,
        "created_at": AT.isoformat(),
    }


def test_the_palette_leads_wherever_the_sidebar_leads(browser_client: FlaskClient) -> None:
    """Cmd/Ctrl-K is for the keyboard what the sidebar is for the pointer."""
    html = browser_client.get("/people").text
    sidebar, palette = (re.search(rf"<{tag} .*?</{tag}>", html, re.DOTALL) for tag in ("nav", "dialog"))
    assert sidebar and palette
    links = set(re.findall(r'<a[^>]* href="([^"]+)"', sidebar[0]))

    assert links == set(re.findall(r'<a[^>]* href="([^"]+)"', palette[0]))
    assert "/settings" in links


def test_a_person_without_a_name_is_called_by_address(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """The CRM may know nothing but an address, or nothing at all."""
    assert "<h1><bdi>alan@bletchley.example</bdi></h1>" in browser_client.get(f"/people/{record_id(7)}").text
    workspace.everyone = [make_person(1, None, email_addresses=(), phone_numbers=(), job_title=None, company=None)]
    assert "Unnamed person" in browser_client.get(f"/people/{record_id(1)}").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_of_the_crm_are_shown_as_text(
    browser_client: FlaskClient, workspace: FakeWorkspace, text: str
) -> None:
    """U2: markup, quotes, script URLs, RTL overrides and endless words, in every field."""
    hostile = make_person(
        1, text, email_addresses=(text,), phone_numbers=(text,), job_title=text, company=text, location=text,
        alc_status=text, alc_lead_id=text, alc_interest=text, web_url=text,
    )  # fmt: skip
    workspace.everyone = [hostile]
    workspace.changes[record_id(1)] = [Change(AT, text, text, text)]
    for path in ("/people", f"/people/{record_id(1)}"):
        html = browser_client.get(path).text
        for tag in ("<script>", "<img", 'href="javascript:', "8640247"):
            assert tag not in html


def test_only_a_web_address_of_the_crm_becomes_a_link(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U2: the record's own page in Attio is linked when it is http or https."""
    assert "Open in Attio" in browser_client.get(f"/people/{record_id(1)}").text
    workspace.everyone[0] = replace(workspace.everyone[0], web_url="data:text/html,hello")
    assert "Open in Attio" not in browser_client.get(f"/people/{record_id(1)}").text


def test_an_address_and_a_number_can_be_pressed(browser_client: FlaskClient) -> None:
    """Links that mail and phone programs read."""
    html = browser_client.get(f"/people/{record_id(1)}").text
    assert 'href="mailto:ada@people.example"' in html
    assert 'href="tel:+12025550101"' in html


def test_what_needs_scripts_says_so(browser_client: FlaskClient) -> None:
    """Without them, reading works."""
    assert "<noscript>" in browser_client.get(f"/people/{record_id(1)}").text


def test_the_activity_is_served_to_the_pages_script(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """What a live update fetches is what the page shows."""
    workspace.set_status(1, "Pending")
    change = {
        "actor": "Acme Lead Checker",
        "at": AT.isoformat(),
        "attribute": "ALC status",
        "did": "",
        "is_status": True,
        "value": "Pending",
    }
    assert browser_client.get(f"/people/{record_id(1)}/activity.json").json == {"changes": [change]}


def test_a_page_names_the_event_that_it_was_drawn_after(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """A tab follows the log from there, so that nothing is lost between drawing and following."""
    workspace.set_status(1, "Pending")
    assert '<meta name="events-after" content="b1:1">' in browser_client.get("/people").text
