"""The search for people, with the real workspace and the stand-in behind it: what somebody types, and who is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from alc_app.config.settings import Config
from alc_app.mock_attio.server import MockAttioServer
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.testing import Attio
from alc_app.web.factory import build

MARIA, ADA, AMARA = "María José Echeverría", "Ada Lovelace", "Amara Diallo-Reyes"


@contextmanager
def workspace(home: Path) -> Iterator[tuple[FlaskClient, Attio]]:
    """A browser at the app, and the stand-in with the people of the demo and Éva Kiss."""
    config = MockAttioConfig("sqlite://", "t", writes_per_second=0, reads_per_second=0, control=True)
    with MockAttioServer(config) as server:
        attio = Attio(server)
        attio.person("Éva Kiss")
        app = build(Config.from_env(home=home, attio_url=attio.url, mock_attio_token="t"))
        yield app.test_client(), attio
        app.extensions["services"].close()


@pytest.fixture(scope="module")
def client(new_home: Callable[[], Path]) -> Iterator[FlaskClient]:
    """A browser at a workspace that no test changes."""
    with workspace(new_home()) as (browser, _):
        yield browser


@pytest.fixture
def changing(new_home: Callable[[], Path]) -> Iterator[tuple[FlaskClient, Attio]]:
    """A browser at a workspace of this test's own, and the stand-in."""
    with workspace(new_home()) as both:
        yield both


def found(client: FlaskClient, typed: str, **query: str) -> list[str]:
    """Return the names in the table for what somebody has typed."""
    page = client.get("/people", query_string={"q": typed, **query})
    assert page.status_code == 200
    return re.findall(r'aria-label="Select ([^"]*)"></label></td>', page.text)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("maria", MARIA),
        ("MARÍA", MARIA),
        ("echeverria maria", MARIA),
        ("maria verdier", MARIA),
        ("verdier maría", MARIA),
        ("lovelace ada", ADA),
        ("love ada", ADA),
        ("analytical ada", ADA),
        ("ada@example", ADA),
        ("+1 312-555-0176", AMARA),
        ("312 555 0176", AMARA),
        ("(312) 555.0176", AMARA),
        ("3125550176", AMARA),
        ("0176", AMARA),
        ("amara 415 555", AMARA),
        ("001 312 555 0176", AMARA),
    ],
)
def test_a_person_is_found_by_what_somebody_types(client: FlaskClient, typed: str, name: str) -> None:
    """With or without accents, words in any order, the company, a number as it is printed or as digits."""
    assert name in found(client, typed)


@pytest.mark.parametrize("typed", ["maria lovelace", "ada verdier", "zzz", "999 555 0176", "maria@nowhere", "% _"])
def test_every_word_counts(client: FlaskClient, typed: str) -> None:
    """A search that fits in part only finds nobody, and no character is a wildcard."""
    assert found(client, typed) == []


def test_an_accent_that_was_typed_finds_the_name_without_it_too(client: FlaskClient) -> None:
    """Who writes "Àda" means Ada."""
    assert ADA in found(client, "Àda")


def test_a_national_number_with_its_zero_is_found(client: FlaskClient) -> None:
    """Attio stores the international form, in which it is left out."""
    assert "Siobhán Keane" in found(client, "0131 496 0119")
    assert "Siobhán Keane" in found(client, "+44 (0)131 496 0119")


def test_a_letter_leads_to_the_names_that_begin_with_it(client: FlaskClient) -> None:
    """Letters with accents count as those without; a search and a letter go together."""
    names = found(client, "", letter="E")
    assert {"Eero Salonen", "Éva Kiss"} <= set(names)
    assert {name[0] for name in names} == {"E", "É"}
    assert found(client, "kiss", letter="E") == ["Éva Kiss"]
    assert found(client, "", letter="Q") == []


def test_names_that_begin_with_no_letter_of_the_strip_have_a_place(changing: tuple[FlaskClient, Attio]) -> None:
    """Other scripts and digits; and who has no name."""
    client, attio = changing
    for name in ("Ольга Иванова", "陳大文", "3rd Floor Reception"):
        attio.person(name)

    names = found(client, "", letter="other")

    assert {"Ольга Иванова", "陳大文", "3rd Floor Reception", "Éva Kiss"} <= set(names)
    assert not [name for name in names if name[0] in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    assert found(client, "иванова", letter="other") == ["Ольга Иванова"]


def test_the_list_to_choose_from_is_short(client: FlaskClient) -> None:
    """For the quick actions and the workflows: eight people, and whether there are more."""
    answer = client.get("/people.json?q=a").get_json()
    assert (len(answer["people"]), answer["more"]) == (8, True)
    [maria] = client.get("/people.json?q=maria").get_json()["people"]
    assert (maria["name"], maria["about"]) == (MARIA, "Maison Verdier · mj.echeverria@example.com")


def test_no_page_of_many_people_loads_them_all(changing: tuple[FlaskClient, Attio]) -> None:
    """Every query asks for one page and one person more; the last page knows the total."""
    client, attio = changing
    attio.seed(people=230)
    before = len(attio.requests())
    client.get("/people?page=2&sort=company")
    client.get("/people?q=garcia")
    limits = [one["body"]["limit"] for one in attio.requests()[before:] if one["path"].endswith("people/records/query")]
    assert limits == [51, 51]
    first, last = (client.get(f"/people?page={page}").text for page in (1, 6))
    assert "1–50 of more than 50" in first
    assert re.search(r"251–(\d+) of \1<", last)


def test_a_search_with_more_spellings_than_attio_tells_says_so(changing: tuple[FlaskClient, Attio]) -> None:
    """Attio's fuzzy search answers 25 hits at most."""
    client, attio = changing
    hint = "names have other accents may be missing"
    for number in range(26):
        attio.person(f"Zoë Number{number}")
    assert hint in client.get("/people?q=zoe").text
    assert hint not in client.get("/people?q=zoe+number7").text


def test_without_attios_fuzzy_search_names_are_found_as_they_are_spelled(changing: tuple[FlaskClient, Attio]) -> None:
    """It is in beta: an Attio that refuses it makes no page fail."""
    client, attio = changing
    attio.fail_next("POST /v2/objects/records/search", status=404, times=3)
    assert found(client, "ada") == [ADA]
    assert found(client, "maria") == []
    assert MARIA in found(client, "maría")
