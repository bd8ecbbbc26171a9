"""The search for people: what somebody types, as a filter of Attio's query (docs.attio.com, "Filtering and sorting").

Every word must be found in the name, an email address or the company, in any order; a phone number may be typed as it
is printed or as digits. Attio documents `$contains` as ignoring case, and says nothing of accents. So Attio's fuzzy
search is asked first, and people whose names differ in accents only are added by their ids: 25 of them at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from alc_app.clients.attio_api import AttioApiError
from alc_app.clients.attio_people import MOST_HITS, PersonHit, search_people
from alc_app.pages.view_models import OTHER

MOST_WORDS = 6
COMPANY_NAME = [["people", "company"], ["companies", "name"]]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not compose of a letter and a mark."""
_PHONE_PART = re.compile(r"[+\d().\-/]*\d[+\d().\-/]*")
_ACCENTED = [chr(code) for code in (*range(0xC0, 0x180), *range(0x218, 0x21C))]

Filter = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The part of a query that finds people; `is_cut` if more people may be spelled with other accents."""

    query: Filter
    is_cut: bool = False


def find_people(search: str, letter: str = "") -> Found:
    """Return the query for a search and the first letter of a name; both may be empty.

    OTHER finds names with an accent on the first letter, too: to leave them out would take a hundred conditions.
    """
    words = _words(search)
    hits = _spelled_otherwise(words)
    wanted = [_word_filter(word, hits) for word in words]
    if letter == OTHER:
        wanted.append({"$not": _begins_with(LETTERS)})
    elif letter:
        wanted.append(_begins_with(_spellings(letter)))
    if not wanted:
        return Found({})
    return Found({"filter": wanted[0] if len(wanted) == 1 else {"$and": wanted}}, len(hits) >= MOST_HITS)


def can_match(search: str) -> bool:
    """Return whether anybody can have this text: Attio refuses control characters, and no name has one."""
    return not any(unicodedata.category(character) == "Cc" for character in search)


def fold(text: str) -> str:
    """Return a text without accents and in lower case, as people type it."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_UNMARKED)


def _words(search: str) -> list[str]:
    """Split into words; the parts of a phone number, such as "+1 202-555-0143", are one word."""
    words: list[str] = []
    for is_phone, group in groupby(search.split(), key=lambda part: bool(_PHONE_PART.fullmatch(part))):
        parts = list(group)
        words += [" ".join(parts)] if is_phone else parts
    return words[:MOST_WORDS]


def _word_filter(word: str, hits: Sequence[PersonHit]) -> Filter:
    """Return the filter for people who have this word, or are among the `hits` that have it with other accents."""
    either: list[Filter] = []
    for text in dict.fromkeys((word, fold(word))):
        contains = {"$contains": text}
        either += [{"name": contains}, {"email_addresses": contains}]
        either.append({"path": COMPANY_NAME, "constraints": contains})
    if _PHONE_PART.fullmatch(word.replace(" ", "")):
        either.append({"phone_numbers": {"$contains": _digits(word)}})
    if ids := [hit.record_id for hit in hits if fold(word) in fold(hit.text)]:
        either.append({"record_id": {"$in": ids}})
    return {"$or": either}


def _begins_with(letters: Iterable[str]) -> Filter:
    return {"$or": [{"name": {"full_name": {"$starts_with": letter}}} for letter in letters]}


def _digits(phone: str) -> str:
    """Return the digits of a number as they stand in its international form, for which a leading 0 is left out."""
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    return digits.lstrip("0") or digits


def _spelled_otherwise(words: Collection[str]) -> list[PersonHit]:
    """Return the hits of Attio's fuzzy search: for all words together, or for each if there are none."""
    typed = [word for word in words if any(map(str.isalpha, word)) and "@" not in word]
    if not typed:
        return []
    try:
        return search_people(" ".join(typed)) or list(_each(typed))
    except AttioApiError:  # the endpoint is in beta; without it, names are found as they are spelled
        return []


def _each(words: Sequence[str]) -> Iterator[PersonHit]:
    for word in words if len(words) > 1 else ():
        yield from search_people(word)


def _spellings(letter: str) -> list[str]:
    """Return a letter with every accent that European names begin with."""
    return [letter, *(other for other in _ACCENTED if other.isupper() and fold(other) == letter.lower())]
