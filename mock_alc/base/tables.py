"""What every table shares: a registry of our own and instants that stay aware of UTC."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class Table(SQLModel, registry=registry()):
    """Base of our tables; its metadata holds nothing but ours, whoever else uses SQLModel."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant: `timestamptz` on Postgres, naive UTC text on SQLite, aware again in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
