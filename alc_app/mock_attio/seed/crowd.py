"""Made-up people in any number, to see a table of 10,000: written in bulk, without webhooks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, insert, select

from alc_app.mock_attio.seed.people import COMPANIES
from alc_app.mock_attio.seed.schema import SEEDED_AT, stable_id
from alc_app.mock_attio.store.events import Actor
from alc_app.mock_attio.store.schema_lookup import Schema, load_schema, value_type
from alc_app.mock_attio.store.tables import Record, Value
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.values.write import parse_attribute

Json = dict[str, Any]
MOST = 50_000
"""People that one request may add."""

_FIRST = [
    "Adaeze",
    "Agnieszka",
    "Aiko",
    "Alejandro",
    "Amélie",
    "Anaïs",
    "Andrés",
    "Ángela",
    "Anouk",
    "Beñat",
    "Birgit",
    "Björn",
    "Camille",
    "Chloé",
    "Chukwudi",
    "Dagný",
    "Dmitri",
    "Élodie",
    "Emre",
    "Esmé",
    "Fatima",
    "François",
    "Gülşen",
    "Hanna",
    "Héctor",
    "Ines",
    "İpek",
    "Jānis",
    "Jelena",
    "José",
    "Joséphine",
    "Jürgen",
    "Kaito",
    "Karolína",
    "Lars",
    "Lucía",
    "Łukasz",
    "Maria",
    "María",
    "Matteo",
    "Mercy",
    "Mónica",
    "Nadia",
    "Niamh",
    "Nuño",
    "Óscar",
    "Oluwaseun",
    "Petra",
    "Quentin",
    "Raúl",
    "Renée",
    "Saoirse",
    "Şebnem",
    "Sofía",
    "Søren",
    "Tariq",
    "Uwe",
    "Valentina",
    "Wanjiru",
    "Ximena",
    "Yara",
    "Žofia",
]
_LAST = [
    "Abara",
    "Åkesson",
    "Almeida",
    "Álvarez",
    "Andersson",
    "Bakker",
    "Bélanger",
    "Berg",
    "Bianchi",
    "Çelik",
    "Chukwu",
    "Costa",
    "Díaz",
    "Dlamini",
    "Dvořák",
    "Eriksen",
    "Fernández",
    "Fischer",
    "Fournier",
    "García",
    "Gómez",
    "Grünwald",
    "Haddad",
    "Hansen",
    "Horvat",
    "Ibáñez",
    "Ivanova",
    "Jensen",
    "Kaplan",
    "Khan",
    "Kovács",
    "Kowalczyk",
    "Lefèvre",
    "Lindholm",
    "López",
    "Mäkinen",
    "Martín",
    "Mensah",
    "Moreau",
    "Müller",
    "Murphy",
    "Nakamura",
    "Ndiaye",
    "Nguyễn",
    "Novák",
    "Núñez",
    "Nyström",
    "O'Brien",
    "Öztürk",
    "Papadopoulos",
    "Peña",
    "Quispe",
    "Ramírez",
    "Rossi",
    "Sánchez",
    "Santos",
    "Schäfer",
    "Suárez",
    "Tanaka",
    "Țepeș",
    "Tremblay",
    "Ueda",
    "Van",
    "Dijk",
    "Vásquez",
    "Wójcik",
    "Yıldız",
    "Zieliński",
]
_TITLES = ("Account Manager", "Architect", "Buyer", "Chief of Staff", "Engineer", "Head of Sales", "Planner", "Teacher")
_AREAS = ("202", "206", "212", "303", "305", "312", "404", "415", "503", "512", "617", "702")
"""Area codes; their numbers 555-0100 to 555-0199 are reserved for examples."""


def add_crowd(session: Session, count: int) -> None:
    """Add `count` people; the next call adds others. The demo's companies must be there."""
    schema = load_schema(session, "people")
    last = session.exec(select(func.max(Record.number))).one() or 0
    records = [
        {
            "record_id": stable_id(f"crowd/{number}"),
            "object_id": schema.target_id,
            "created_at": _moment(number),
        }
        for number in range(last + 1, last + 1 + count)
    ]
    if not records:
        return
    session.execute(insert(Record), records)
    contents = _Contents(schema)
    made = session.exec(select(Record.record_id, Record.number).where(col(Record.number) > last)).all()
    values = [row for record_id, number in made for row in _value_rows(contents, record_id, number or 0)]
    session.execute(insert(Value), values)


class _Contents:
    """Parses values; one that many people have, such as a company, is parsed once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._known: dict[str, list[Content]] = {}

    def of(self, values: Json) -> dict[str, list[Content]]:
        """Return the contents of a person's values, by attribute id."""
        return {self.schema.by_name[slug].attribute_id: self._parsed(slug, raw) for slug, raw in values.items()}

    def _parsed(self, slug: str, raw: object) -> list[Content]:
        key = f"{slug} {raw}"
        if key not in self._known:
            self._known[key] = parse_attribute(self.schema, self.schema.by_name[slug], raw)
        return self._known[key]


def _value_rows(parser: _Contents, record_id: str, number: int) -> Iterator[Json]:
    """Yield the rows of all values of a person: its own, and those that Attio sets itself."""
    schema = parser.schema
    actor, now = Actor("workspace-member", stable_id("members/Robin")), _moment(number)
    named = schema.by_name
    contents = parser.of(_person(number))
    contents[named["record_id"].attribute_id] = [{"value": record_id}]
    contents[named["created_at"].attribute_id] = [{"value": now}]
    by = {"referenced_actor_type": actor.type, "referenced_actor_id": actor.id}
    contents[named["created_by"].attribute_id] = [by]
    for attribute_id, several in contents.items():
        attribute = schema.by_id[attribute_id]
        kind = value_type(attribute)
        for position, content in enumerate(several):
            key = kind.key(content)
            yield {
                "record_number": number,
                "attribute_id": attribute_id,
                "position": position,
                "content": content,
                "key": key,
                "number": kind.number(content),
                "unique_key": key if attribute.is_unique else None,
                "active_from": now,
                "actor_type": actor.type,
                "actor_id": actor.id,
            }


def _person(number: int) -> Json:
    """Return the values of a person; those of the same number are always the same."""
    first, last = _FIRST[number * 7 % len(_FIRST)], _LAST[number * 13 // len(_FIRST) % len(_LAST)]
    values: Json = {
        "name": {"first_name": first, "last_name": last, "full_name": f"{first} {last}"},
        "email_addresses": [f"person.{number}@example.net"],
        "job_title": _TITLES[number % len(_TITLES)],
    }
    if number % 10:
        area = _AREAS[number // 100 % len(_AREAS)]
        values["phone_numbers"] = [f"+1{area}55501{number % 100:02}"]
    if number % 7:
        company = COMPANIES[number % len(COMPANIES)].slug
        values["company"] = {"target_object": "companies", "target_record_id": stable_id(f"companies/{company}")}
    return values


def _moment(number: int) -> str:
    """Return when a person was created: a second after the one before."""
    at = datetime.fromisoformat(SEEDED_AT[:19]) + timedelta(days=1, seconds=number)
    return f"{at:%Y-%m-%dT%H:%M:%S}.000000000Z"
