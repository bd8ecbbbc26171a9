"""`POST /graphql`: the SDK's GraphQL schema, answered from the database."""

from typing import Any

from flask import Blueprint, request
from pydantic import Field

from alc_app.mock_attio.api.auth import authenticate, requires
from alc_app.mock_attio.store.request_bodies import Body, parse, read_json
from alc_app.mock_attio.store.services import services

Json = dict[str, Any]

bp = Blueprint("graphql", __name__, url_prefix="/graphql")


@bp.before_request
def authenticate_queries() -> None:
    """Require a token for queries; the explanation (GET) needs none."""
    if request.method == "POST":
        authenticate()


class GraphQLRequest(Body):
    """The request body of GraphQL over HTTP."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(default=None, alias="operationName")


@bp.post("")
@requires("record_permission:read", "object_configuration:read")
def answer() -> Json:
    """Answer a query. Errors of the query itself are part of a 200 response, as usual in GraphQL."""
    from alc_app.attio.graphql import execute  # Late: graphql-core is a tenth of the start.
    from alc_app.mock_attio.api.graphql_loader import TableLoader

    query = parse(GraphQLRequest, read_json(request), path=())
    with services().database.reading() as session:
        loader = TableLoader(session, services().config.web_url)
        return execute(query.query, query.variables, loader, query.operation_name)


@bp.get("")
def explain() -> tuple[str, dict[str, str]]:
    """Explain the endpoint to a browser."""
    text = 'POST {"query": "…", "variables": {…}} here, with an access token. The schema can be introspected.\n'
    return text, {"Content-Type": "text/plain; charset=utf-8"}
