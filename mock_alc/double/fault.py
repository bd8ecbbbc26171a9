"""What a fault can be: which requests or deliveries it applies to, what goes wrong, and how often."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

RequestTrouble = Literal[
    "answer",  # The given answer replaces ALC's own.
    "rate_limited",  # 429 with Retry-After.
    "garbage",  # An answer of the right status whose body is not JSON.
    "truncated",  # A whole HTTP answer around half a JSON body.
    "cut",  # The connection ends in the middle of the body.
    "drop",  # The connection ends without any answer.
    "slow",  # The body comes a few bytes at a time.
    "hold",  # The answer waits until the next delivery about the same record was answered.
    "oauth_error",  # An OAuth error: in the redirect of authorize, or as the answer of the token endpoint.
    "expired_code",  # The authorization code is too old from the start.
    "short_lived_tokens",  # The access token lives for `seconds` only.
]
DeliveryTrouble = Literal[
    "bad_signature",  # A signature that no secret produces.
    "wrong_secret",  # Signed with a random secret.
    "rotated_secret",  # Two signatures: with a new secret, then with the right one.
    "tampered_body",  # Changed after it was signed.
    "stale",  # Signed `seconds` ago.
    "future",  # Signed in `seconds`.
    "missing_header",  # Without `header`.
    "wrong_type",  # As text/plain instead of application/json.
    "truncated",  # Half of the body, signed as it is.
    "huge",  # With a field of a megabyte, signed as it is.
    "extra_fields",  # With additional fields.
    "to_deleted",  # Sent although the webhook was deleted.
    "lost",  # Not sent at all; tried again as scheduled.
    "answer_lost",  # Sent, but the answer is lost, so it is tried again.
    "duplicate",  # Sent, and sent again at once under the same id.
]
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
OF_OAUTH = {
    "oauth_error": ("GET /oauth/authorize", "POST /oauth/authorize", "POST /oauth/token", "POST /oauth/revoke"),
    "expired_code": ("POST /oauth/authorize",),
    "short_lived_tokens": ("POST /oauth/token",),
}
"""The routes at which these troubles do something; elsewhere they would count as applied all the same."""
ALTERS_THE_ANSWER = ("garbage", "truncated", "cut", "slow", "hold", "expired_code", "short_lived_tokens")
REPLACES_THE_ANSWER = ("answer", "rate_limited", "oauth_error")


class FaultRefused(ValueError):
    """The fault is invalid; `fields` maps field names to sentences that say what is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Take the sentence for each invalid field."""
        super().__init__(" ".join(f"{name}: {problem}" for name, problem in fields.items()))
        self.fields = fields


class CustomAnswer(BaseModel):
    """An answer that a test prescribes; without a body it is an error in the server's usual form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = Field(ge=200, le=599)
    body: JsonValue = None
    headers: dict[str, str] = {}

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not (HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value)):
                raise ValueError(f"The header {name!r} cannot be sent: a name is of ASCII, a value of Latin-1.")
        return headers


class Fault(BaseModel):
    """One fault, for requests of a `route` or for delivery attempts of an event (`delivery`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: str | None = Field(None, description="Such as `POST /api/v1/leads`; `*` is any method or any one segment.")
    delivery: str | None = Field(None, description="An event such as `lead.processed`; `*` is any.")
    trouble: str | None = Field(None, description="What goes wrong; without any, the answer is only late.")
    effect: Literal["none", "done"] | None = Field(None, description="Whether what the request asks for is done.")
    times: Annotated[int, Field(ge=1)] | None = Field(1, description="How often it is applied; null means always.")
    skip: int = Field(0, ge=0, description="How many pass before the fault is applied for the first time.")
    chance: float = Field(1.0, gt=0, le=1, description="Probability that the fault is applied.")
    seed: int = Field(0, description="Seed of the chance, so that a run can be repeated.")
    match: dict[str, JsonValue] = Field({}, description="Fields that the body, form or query must have.")
    latency: float = Field(0, ge=0, le=60, description="Real seconds before the answer or the attempt.")
    answer: CustomAnswer | None = Field(None, description="Of `answer`: status, body and headers.")
    seconds: float | None = Field(None, ge=0, description="Of `rate_limited`, `slow`, `short_lived_tokens`, `stale`…")
    retry_after_as: Literal["seconds", "http-date"] | None = Field(
        None, description="Of `rate_limited`; by default as the server itself does."
    )
    error: str = Field("invalid_grant", description="Of `oauth_error`, such as access_denied or invalid_grant.")
    header: str = Field("webhook-signature", description="Of `missing_header`.")

    @model_validator(mode="before")
    @classmethod
    def _an_answer_says_it_all(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("answer") and not given.get("trouble"):
            return {**given, "trouble": "answer"}
        return given

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.route is None) == (self.delivery is None):
            raise ValueError("A fault applies to a route or a delivery: give one of the two.")
        known = get_args(RequestTrouble if self.route else DeliveryTrouble)
        if self.trouble not in (None, *known):
            raise ValueError(f"The troubles of a {'route' if self.route else 'delivery'} are: {', '.join(known)}.")
        if (self.trouble == "answer") != (self.answer is not None):
            raise ValueError("The trouble `answer` needs an `answer`, and only it takes one.")
        if self.trouble is None and not self.latency:
            raise ValueError("This fault would do nothing: give it a trouble, an answer or a latency.")
        if self.trouble == "hold" and not self.latency:
            raise ValueError("The trouble `hold` needs a latency: how many seconds it waits at most.")
        if self.route is not None:
            self._check_method(self.route)
        return self

    @staticmethod
    def _check_method(route: str) -> None:
        method = route.partition(" ")[0]
        if not method.isupper() and method != "*":
            raise ValueError("A route begins with its method, such as `POST /api/v1/leads`.")

    @property
    def takes_effect(self) -> bool:
        """Whether what the request asks for is still done; by default if only the answer is altered."""
        alters = self.trouble is None or self.trouble in ALTERS_THE_ANSWER
        return alters if self.effect is None else self.effect == "done"

    @property
    def replaces_the_answer(self) -> bool:
        """Whether the fault has a response of its own."""
        return self.trouble in REPLACES_THE_ANSWER

    def applies_to_route(self, method: str, path: str) -> bool:
        """Return whether the fault is for this request."""
        own_method, _, own_path = (self.route or "").partition(" ")
        own, given = own_path.rstrip("/").split("/"), path.rstrip("/").split("/")
        return (
            own_method in ("*", method)
            and len(own) == len(given)
            and all(a in (b, "*") or a.startswith("{") for a, b in zip(own, given, strict=True))
        )

    def applies_to_delivery(self, event: str) -> bool:
        """Return whether the fault is for deliveries of this event."""
        return self.delivery in ("*", event)


def read_fault(given: Mapping[str, Any]) -> Fault:
    """Parse a fault from JSON; raises FaultRefused."""
    try:
        return Fault.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise FaultRefused(
            {
                ".".join(map(str, problem["loc"])) or "fault": problem["msg"].removeprefix("Value error, ")
                for problem in problems
            }
        ) from error


def matches(wanted: Mapping[str, Any], found: Any) -> bool:
    """Return whether `found` has every field of `wanted`, at any depth."""
    if not isinstance(found, Mapping):
        return not wanted
    return all(
        matches(value, found.get(name)) if isinstance(value, Mapping) else name in found and found[name] == value
        for name, value in wanted.items()
    )
