"""The table of Attio's operations: what the stand-in has, and what it says of the rest."""

import re

import pytest

from alc_app.mock_attio.api.operations import OPERATIONS
from tests.support import attio_operations
from tests.unit.mock_attio.conftest import Attio

PARAMETER = re.compile(r"{\w+}|<[^>]+>")


def test_all_operations_of_attios_document_are_listed_once() -> None:
    """107, as the clients that are generated from it have them."""
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS) == 107


def test_the_readme_shows_which_of_them_are_answered() -> None:
    """`python -m tests.support.attio_operations` writes the table."""
    text = attio_operations.README.read_text()
    assert attio_operations.fill(text) == text, f"Run: {attio_operations.FILL}"


def test_every_route_of_the_api_is_one_of_attios(attio: Attio) -> None:
    """An endpoint that only the stand-in had would be one that an integration must not rely on."""
    kinds = {"<any(objects, lists):target>": "objects", "<any(options, statuses):kind>": "options"}
    known = {(one.method, PARAMETER.sub("*", one.path)) for one in OPERATIONS}
    for rule in attio.app.url_map.iter_rules():
        path = rule.rule
        for part, one in kinds.items():
            path = path.replace(part, one)
        if path.startswith("/v2/"):
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            assert {(method, PARAMETER.sub("*", path)) for method in methods} <= known


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v2/meetings", "List meetings"),
        ("POST", "/v2/comments", "Create a comment"),
        ("GET", "/v2/objects/people/views", "List views for object"),
    ],
)
def test_an_operation_that_only_attio_has_is_named(attio: Attio, method: str, path: str, name: str) -> None:
    """501 in the shape of Attio's errors, whatever the scopes of the token."""
    reply = attio.send(method, path, {})

    assert reply.status_code == reply.get_json()["status_code"] == 501
    assert reply.get_json()["message"] == f"Attio has this endpoint ({name}), this stand-in does not."


def test_an_operation_that_only_attio_has_wants_a_token_first(attio: Attio) -> None:
    """401, as at Attio: who has no token learns nothing else."""
    attio.token = "nope"
    assert attio.refused("GET", "/v2/meetings")["status_code"] == 401
