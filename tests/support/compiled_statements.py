"""Compile each SQL statement once in a process, and not in each engine that a test makes.

SQLAlchemy keeps what it compiles in the engine, or in the mapper, by the engine's dialect. Compiling is most of what
the start of a worker costs, and a seventh of what a test with a database of its own costs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

KEPT = 5000
"""Statements."""


def compile_statements_once() -> None:
    """Have every engine that is made from now on share its compiled statements with those of its kind."""
    shared: LRUCache[Any, Any] = LRUCache(KEPT)
    make_one = Engine.__init__

    def make(engine: Engine, *args: Any, **options: Any) -> None:
        make_one(engine, *args, **options)
        engine._compiled_cache = shared

    Engine.__init__ = make
    # The keys have the dialect in them.
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)
    DefaultDialect.__hash__ = lambda one: hash(type(one))
