"""The bodies of ALC's webhook deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, ValidationError

from alc_app.attio.http import BadRequest

ID = r"^[A-Za-z0-9_-]{1,64}$"
RECORD_ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
INTERESTS = {"interested": "Interested", "not_interested": "Not interested", "no_answer": "No answer"}
"""ALC's words for the interest of a person, and ours."""
Model = TypeVar("Model", bound=BaseModel)


class LeadProcessed(BaseModel):
    """The body of a `lead.processed` delivery. Unknown keys are ignored: ALC may add some."""

    event: Literal["lead.processed"] = "lead.processed"
    record_id: Annotated[str, Field(pattern=RECORD_ID), AfterValidator(str.lower)]
    """In lower case, as Attio writes it; a UUID may be written in either (RFC 9562 4)."""
    status: Literal["Complete", "Failed"]
    lead_id: str | None = Field(default=None, pattern=ID)
    interest: Literal["interested", "not_interested", "no_answer"] | None = None
    summary: str | None = Field(default=None, max_length=4000)
    occurred_at: AwareDatetime | None = None

    @classmethod
    def parse(cls, body: dict[str, Any]) -> LeadProcessed:
        """Read the event in `body`. Raises: BadRequest naming the field that is wrong."""
        return validate(cls, body)


class Prospect(BaseModel):
    """A person of whom a chat has revealed a better name or email address."""

    id: str = Field(alias="prospectId", min_length=1, max_length=200)
    name: str = Field(alias="prospectName", min_length=1, max_length=200)
    email: str = Field(alias="prospectEmail", min_length=3, max_length=320)


class ProspectUpdated(BaseModel):
    """The body of a `prospect.updated` delivery. The event has a dot, the name in the body an underscore (seed 000)."""

    event: Literal["prospect_updated"] = "prospect_updated"
    data: Prospect

    @classmethod
    def parse(cls, body: dict[str, Any]) -> ProspectUpdated:
        """Read the event in `body`. Raises: BadRequest naming the field that is wrong."""
        return validate(cls, body)


def validate(model: type[Model], body: dict[str, Any]) -> Model:
    """Validate a body as a model. Raises: BadRequest naming the field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequest(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
