"""Compare texts without accents and in lower case, in SQL too: what Attio's search does with what a person types."""

import unicodedata
from functools import lru_cache
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

_WHOLE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i"})
"""Letters that Unicode does not compose of a letter and an accent."""


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Return a text without accents and in lower case."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_WHOLE)


class folded(GenericFunction[str]):  # noqa: N801 - the name of the SQL function
    """`fold` in a statement: a function of ours in SQLite; in Postgres the European letters are replaced."""

    type = String()
    inherit_cache = True


_LETTERS = [chr(code) for code in (*range(0xC0, 0x180), *range(0x218, 0x21C))]
_REPLACED = {letter: fold(letter) for letter in _LETTERS if len(fold(letter)) == 1 and letter.lower() == letter}


@compiles(folded, "postgresql")
def _in_postgres(element: Any, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    return f"translate(lower({inner}), '{''.join(_REPLACED)}', '{''.join(_REPLACED.values())}')"
