"""Compile each SQL statement once in a process, and not in each engine that a test makes.

SQLAlchemy keeps what it compiles in the engine. Compiling is most of what the start of a worker costs.
"""

from collections.abc import Hashable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache


class CompiledStatements(LRUCache[tuple[Any, ...], Any]):
    """The compiled statements by their keys, in which the kind of database stands for the engine's dialect."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Find a statement that an engine of this kind has compiled."""
        return super().get(_of_any_engine(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        """Keep it for all engines of this kind."""
        super().__setitem__(_of_any_engine(key), compiled)


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Hashable, ...]:
    dialect, *statement = key
    return (type(dialect), *statement)


def compile_statements_once() -> None:
    """Have every engine share its compiled statements with the others."""
    shared = CompiledStatements(capacity=5000)
    Engine._compiled_cache = property(lambda _: shared, lambda _engine, _own: None)  # type: ignore[assignment]
