"""The operations of Attio's API. One that the stand-in does not have answers 501 with a sentence that names it.

`operations.json` lists all of them. Which of them the stand-in has follows from the routes.
"""

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Never

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from alc_app.mock_attio.api.auth import authenticate
from alc_app.mock_attio.store.errors import AttioError

_PARAMETER = re.compile(r"{(\w+)}")
_MISSING = "missing"


@dataclass(frozen=True)
class Operation:
    """One row of `operations.json`: the method, the path with its parameters in braces, and Attio's name for it."""

    method: str
    path: str
    name: str

    def is_answered(self, routes: Map) -> bool:
        """Return whether one of the routes answers it, other than with 501."""
        try:
            endpoint, _ = routes.bind("").match(_PARAMETER.sub("x", self.path), self.method)
        except HTTPException:
            return False
        return not endpoint.startswith(f"{_MISSING}.")


_DOCUMENT = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
OPERATIONS = tuple(Operation(*row) for row in json.loads(_DOCUMENT))


def add_missing_operations(app: Flask) -> None:
    """Add a route for each operation that no route answers yet. It needs a valid token, whatever its scopes."""
    missing = Blueprint(_MISSING, __name__)
    missing.before_request(authenticate)
    for number, operation in enumerate(OPERATIONS):
        if not operation.is_answered(app.url_map):
            path = _PARAMETER.sub(r"<\1>", operation.path)
            refuse = partial(_refuse, operation.name)
            missing.add_url_rule(path, str(number), refuse, methods=[operation.method])
    app.register_blueprint(missing)


def _refuse(name: str, **_parameters: str) -> Never:
    raise AttioError(501, "not_implemented", f"Attio has this endpoint ({name}), this stand-in does not.")
