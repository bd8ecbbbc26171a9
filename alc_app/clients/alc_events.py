"""What ALC's deliveries say: part of the door to ALC (alc_api.py)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from alc_app.attio.http import BadRequest

ID = r"^[A-Za-z0-9_-]{1,64}$"
RECORD_ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
Shape = TypeVar("Shape", bound=BaseModel)


class LeadProcessed(BaseModel):
    """The body of a `lead.processed` delivery. More keys may come one day; they are ignored."""

    event: Literal["lead.processed"] = "lead.processed"
    record_id: str = Field(pattern=RECORD_ID)
    status: Literal["Complete", "Failed"]
    lead_id: str | None = Field(default=None, pattern=ID)
    interest: Literal["interested", "not_interested", "no_answer"] | None = None
    summary: str | None = Field(default=None, max_length=4000)
    occurred_at: AwareDatetime | None = None

    @classmethod
    def parse(cls, body: dict[str, Any]) -> LeadProcessed:
        """The event in `body`. Raises: BadRequest naming the field that is wrong."""
        return parsed(cls, body)


class Prospect(BaseModel):
    """Somebody of whom a chat has told a better name or address."""

    id: str = Field(alias="prospectId", min_length=1, max_length=200)
    name: str = Field(alias="prospectName", min_length=1, max_length=200)
    email: str = Field(alias="prospectEmail", min_length=3, max_length=320)


class ProspectUpdated(BaseModel):
    """The body of a `prospect.updated` delivery: the event has a dot, the body an underscore (seed 000)."""

    event: Literal["prospect_updated"] = "prospect_updated"
    data: Prospect

    @classmethod
    def parse(cls, body: dict[str, Any]) -> ProspectUpdated:
        """The event in `body`. Raises: BadRequest naming the field that is wrong."""
        return parsed(cls, body)


def parsed(shape: type[Shape], body: dict[str, Any]) -> Shape:
    """The body as what it should be. Raises: BadRequest naming the field that is wrong."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequest(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
