"""Request bodies: strict JSON, checked by pydantic models. Every error is an AttioError with Attio's 400."""

import json
import math
from typing import Any, Never, TypeVar

from flask import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from alc_app.mock_attio.store.errors import AttioError, Problem, body_error, query_params_error

MAX_BODY = 11 * 1024 * 1024  # Attio's texts may have 10 MB
_MAX_DEPTH = 40
_MAX_PAGE = 500
_MAX_OFFSET = 2**31 - 1

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """The base of request models. JSON types are not converted; unknown keys are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body. Refuse NaN, infinite numbers, NUL, lone surrogates and deep nesting."""
    try:
        text = request.get_data().decode()
        body = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise body_error(Problem([], "The body is not valid JSON in UTF-8.", "invalid_json")) from error
    if not isinstance(body, dict):
        raise body_error(Problem([], "Expected object", "invalid_type", "object", type_name(body)))
    _check_texts(body)
    return body


def read_data(request: Request) -> dict[str, Any]:
    """Return the object under `data`: Attio wraps the body of every write in it."""
    return expect_object(read_json(request).get("data", ...), ["data"])


def parse(model: type[Model], data: dict[str, Any], path: tuple[str, ...] = ("data",)) -> Model:
    """Return the data as a model; raise AttioError with one validation error for each problem."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise body_error(*(_problem(detail, path) for detail in error.errors(include_url=False))) from error


def expect_object(value: object, path: list[str | int]) -> dict[str, Any]:
    """Return the value if it is a JSON object (`...` means a missing key); raise AttioError otherwise."""
    if isinstance(value, dict):
        return value
    received = type_name(value)
    message = "Required" if value is ... else f"Expected object, received {received}"
    raise body_error(Problem(path, message, "invalid_type", "object", received))


def page_of(
    limit: object, offset: object, *, default: int = _MAX_PAGE, most: int = _MAX_PAGE, in_query: bool = False
) -> tuple[int, int]:
    """Return limit and offset as whole numbers; `most` is the largest limit.

    Accept floats such as `10.0`, because generated clients send them.
    """
    fail = query_params_error if in_query else body_error
    numbers = []
    given: tuple[tuple[str, object, int, int], ...] = (
        ("limit", default if limit is None else limit, 1, most),
        ("offset", 0 if offset is None else offset, 0, _MAX_OFFSET),
    )
    for name, value, low, high in given:
        number = _number(value, from_text=in_query)
        if number is None or not low <= number <= high or number != int(number):
            raise fail(Problem([name], f"Expected a whole number from {low} to {high}.", "invalid_type", "number"))
        numbers.append(int(number))
    return numbers[0], numbers[1]


def flag(request: Request, name: str) -> bool:
    """Return a query parameter that is true or false; it is false if it is absent."""
    given = request.args.get(name, "false")
    if given not in {"true", "false"}:
        raise query_params_error(Problem([name], "Expected true or false.", "invalid_type", "boolean"))
    return given == "true"


def type_name(value: object) -> str:
    """Return the name of a value's JSON type; `...` is "undefined"."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return "undefined" if value is ... else names.get(type(value), "null")


def check_text(text: str, path: list[str | int]) -> None:
    """Refuse characters that databases cannot store: NUL and lone surrogates."""
    try:
        fits = b"\0" not in text.encode()
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise body_error(Problem(path, "The string contains a NUL or half a character. Send whole characters."))


def _number(value: object, *, from_text: bool) -> float | None:
    if from_text and isinstance(value, str) and len(value) < 20:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("The number does not fit into 64 bits.")
    return number


def _check_texts(body: dict[str, Any]) -> None:
    waiting: list[tuple[Any, list[str | int]]] = [(body, [])]
    while waiting:
        value, path = waiting.pop()
        if len(path) > _MAX_DEPTH:
            raise AttioError(400, "validation_type", f"The body is nested deeper than {_MAX_DEPTH} levels.")
        if isinstance(value, str):
            check_text(value, path)
        elif isinstance(value, dict):
            for key in value:
                check_text(key, path)
            waiting.extend((item, [*path, key]) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((item, [*path, index]) for index, item in enumerate(value))


def _problem(detail: ErrorDetails, path: tuple[str, ...]) -> Problem:
    missing = detail["type"] == "missing"
    received = "undefined" if missing else type_name(detail["input"])
    message = "Required" if missing else detail["msg"]
    return Problem([*path, *detail["loc"]], message, "invalid_type", received=received)
