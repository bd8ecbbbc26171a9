"""Reading and checking request bodies, for the leads, webhooks and control APIs."""

import re
from typing import Any

from flask import request

from mock_alc.base.errors import ApiError
from mock_alc.base.strict_json import NotStrictJson, read_object

LONGEST_TEXT = 200
CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
"""A regular expression's character class of what texts must not contain.

Other Unicode spaces and joiners are allowed, because names contain them.
"""


def json_body() -> dict[str, Any]:
    """Return the JSON object in the request body; raise ApiError 415 or 400."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if (
        request.mimetype != "application/json"
        or charset != "utf-8"
        or request.content_encoding not in (None, "identity")
    ):
        raise ApiError(415, "unsupported_media_type", "Send the body as application/json in UTF-8.")
    try:
        return read_object(request.get_data())
    except NotStrictJson as error:
        raise ApiError(400, "invalid_json", str(error)) from error


def optional_json_body() -> dict[str, Any]:
    """Return the JSON object in the request body, or an empty one if there is no body."""
    return json_body() if request.get_data() else {}


def text_problem(value: object, *, longest: int = LONGEST_TEXT) -> str | None:
    """Return what is wrong with a required text field, as a sentence, or None."""
    if value is None:
        return "This field is required."
    if not isinstance(value, str) or not value.strip():
        return "This field must be a string that is not empty."
    if len(value) > longest:
        return f"This field may have {longest} characters at most."
    if re.search(f"[{CONTROL_CHARACTERS}]", value):
        return "This field must not contain control characters or line breaks."
    return None


def page_limit(usual: int, largest: int) -> int:
    """Return the query parameter `limit`, by default `usual`; raise ApiError 400 if it is not from 1 to `largest`."""
    limit = request.args.get("limit", str(usual))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= largest):
        raise ApiError(400, "invalid_limit", f"The parameter limit must be a whole number from 1 to {largest}.")
    return int(limit)


def is_whole_number(value: object, *, at_least: int, at_most: int) -> bool:
    """Return whether a JSON value is a whole number within bounds; 60.0 counts as one, booleans do not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return at_least <= value <= at_most and value == int(value)
