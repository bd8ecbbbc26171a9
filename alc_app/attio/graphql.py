"""Execute Attio's GraphQL: one executor for `run_query` and for the stand-in, each with its own loader.

The schema is `schema.graphql` (docs.attio.com/sdk/graphql). Loaders return JSON as Attio's REST API does, so the
executor needs nothing that a client of the real Attio would not have.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    is_list_type,
    parse,
    validate,
)
from graphql.language import ast

Json = dict[str, Any]

# Limits of a query (U12).
MAX_CHARACTERS = 10_000
MAX_TOKENS = 2_000
MAX_DEPTH = 16  # what an introspecting client needs
MAX_SELECTIONS = 500
MAX_ALIASES = 30
MAX_IDS = 500
_LISTS_OF_INTROSPECTION = {"fields", "inputFields", "interfaces", "possibleTypes"}

_TYPENAMES = {"people": "Person", "companies": "Company"}
_NAME = ("first_name", "last_name", "full_name")
_PLACE = {name: name for name in ("locality", "region", "postcode", "latitude", "longitude")}
_PLACE |= {"country": "country_code"} | {f"line{number}": f"line_{number}" for number in range(1, 5)}


class Loader(Protocol):
    """The source of the records. `execute` raises what a loader raises, unchanged."""

    def record(self, object_slug: str, record_id: str) -> Json | None:
        """Return a record as `GET /v2/objects/{object}/records/{id}` shows it, or None if there is none."""

    def records(self, object_slug: str, record_ids: Sequence[str]) -> Sequence[Json]:
        """Return those of the records that exist, in any order."""

    def object(self, slug: str) -> Json | None:
        """Return an object as `GET /v2/objects/{object}` shows it, or None if there is none."""

    def attributes(self, object_slug: str) -> Sequence[Json]:
        """Return the attributes of an object as `GET /v2/objects/{object}/attributes` shows them."""

    def member(self, member_id: str) -> Json | None:
        """Return a member as `GET /v2/workspace_members/{id}` shows one, or None if there is none."""

    def current_user(self) -> Json:
        """Return the member on whose behalf the query runs, as `member` does."""

    def current_workspace(self) -> Json:
        """Return the workspace as `GET /v2/self` shows it."""


def execute(
    query: str, variables: Mapping[str, object] | None, loader: Loader, operation_name: str | None = None
) -> Json:
    """Execute a query. Returns `{"data": …}`, with `"errors"` if there are any. Raises: what the loader raises."""
    try:
        document = _read(query)
    except GraphQLError as error:
        return dict(ExecutionResult(None, [error]).formatted)
    if errors := validate(_schema(), document, max_errors=10):
        return dict(ExecutionResult(None, errors).formatted)
    graph = _Graph(loader)
    result = execute_sync(
        _schema(),
        document,
        context_value=graph,
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        field_resolver=_resolve,
        type_resolver=_typename,
    )
    if graph.failure is not None:
        raise graph.failure
    return dict(result.formatted)


@cache
def _schema() -> GraphQLSchema:
    return build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))


def _read(query: str) -> ast.DocumentNode:
    if len(query) > MAX_CHARACTERS:
        raise GraphQLError(f"The query is longer than {MAX_CHARACTERS} characters. Ask for fewer fields at once.")
    document = parse(query, no_location=False, max_tokens=MAX_TOKENS)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, ast.FragmentDefinitionNode)}
    for node in document.definitions:
        if isinstance(node, ast.OperationDefinitionNode):
            _Measure(fragments).check(node.selection_set, depth=1, lists=0)
    return document


@dataclass
class _Measure:
    """Count what a query selects, each fragment as often as it is spread. Stops at the first limit that is exceeded."""

    fragments: Mapping[str, ast.FragmentDefinitionNode]
    selections: int = 0
    aliases: int = 0

    def check(self, selection_set: ast.SelectionSetNode | None, *, depth: int, lists: int) -> None:
        for node in selection_set.selections if selection_set else ():
            self.selections += 1
            self.aliases += isinstance(node, ast.FieldNode) and node.alias is not None
            if depth > MAX_DEPTH or lists > 2 or self.selections > MAX_SELECTIONS or self.aliases > MAX_ALIASES:
                raise GraphQLError("The query is too deep or too large. Ask for fewer fields at once.", node)
            if isinstance(node, ast.FragmentSpreadNode):
                fragment = self.fragments.get(node.name.value)
                self.check(fragment.selection_set if fragment else None, depth=depth, lists=lists)
            elif isinstance(node, ast.FieldNode):
                nested = lists + (node.name.value in _LISTS_OF_INTROSPECTION)
                self.check(node.selection_set, depth=depth + 1, lists=nested)
            else:
                self.check(getattr(node, "selection_set", None), depth=depth, lists=lists)


@dataclass(frozen=True)
class _Object:
    slug: str


@dataclass(frozen=True)
class _Record:
    object_slug: str
    data: Json


class _Graph:
    """The cache of one execution: loads everything once, and records that are referenced together with one call."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.failure: Exception | None = None
        self._loaded: dict[tuple[str, ...], Any] = {}
        self._records: dict[tuple[str, str], Json | None] = {}
        self._referenced: dict[str, set[str]] = {}

    def load(self, method: Callable[..., Any], *args: str) -> Any:
        """Call a method of the loader, once for the same arguments."""
        key = (method.__name__, *args)
        if key not in self._loaded:
            self._loaded[key] = self._guard(lambda: method(*args))
        return self._loaded[key]

    def record(self, object_slug: str, record_id: str) -> _Record | None:
        return self.records(object_slug, [record_id])[0]

    def records(self, object_slug: str, record_ids: Sequence[str]) -> list[_Record | None]:
        if len(record_ids) > MAX_IDS:
            raise GraphQLError(f"You can ask for at most {MAX_IDS} records at once.")
        if missing := [one for one in dict.fromkeys(record_ids) if (object_slug, one) not in self._records]:
            self._load_records(object_slug, missing)
        found = (self._records[object_slug, record_id] for record_id in record_ids)
        return [None if data is None else _Record(object_slug, data) for data in found]

    def _load_records(self, object_slug: str, record_ids: Iterable[str]) -> None:
        ids = list(dict.fromkeys([*record_ids, *self._referenced.pop(object_slug, ())]))[:MAX_IDS]
        if len(ids) == 1:
            one = self._guard(lambda: self.loader.record(object_slug, ids[0]))
            loaded = {ids[0]: one}
        else:
            many = self._guard(lambda: self.loader.records(object_slug, ids))
            loaded = {data["id"]["record_id"]: data for data in many}
        for record_id in ids:
            self._records[object_slug, record_id] = data = loaded.get(record_id)
            for value in (value for values in (data or {}).get("values", {}).values() for value in values):
                target = value.get("target_object"), value.get("target_record_id")
                if value["attribute_type"] == "record-reference" and target not in self._records:
                    self._referenced.setdefault(value["target_object"], set()).add(value["target_record_id"])

    def _guard(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            self.failure = error  # `execute` raises it: graphql-core would turn it into an entry of "errors"
            raise


def _resolve(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    """Resolve any field: by its function in the tables below, from the values of a record, or from a dictionary."""
    graph, field = info.context, info.field_name
    if source is None:
        return _ROOT[field](graph, **args)
    if isinstance(source, _Object):
        return _OBJECT[field](graph, source, **args)
    if not isinstance(source, _Record):
        return source[field]
    if field in _RECORD:
        return _RECORD[field](graph, source, **args)
    plain = [_plain(graph, value) for value in source.data["values"].get(field, ())]
    return plain if is_list_type(getattr(info.return_type, "of_type", None)) else next(iter(plain), None)


def _typename(value: Any, *_: object) -> str:
    """Return the concrete type of a value of an abstract type. Dictionaries without `__typename` are users."""
    if isinstance(value, _Object):
        return value.slug if value.slug in _TYPENAMES else "Object"
    if isinstance(value, _Record):
        return _TYPENAMES.get(value.object_slug, "CustomRecord")
    return str(value.get("__typename", "User"))


def _attributes(graph: _Graph, source: _Object, types: Sequence[str] | None = None) -> list[Json]:
    found = graph.load(graph.loader.attributes, source.slug)
    shown = [{"title": a["title"], "slug": a["api_slug"], "type": a["type"].replace("-", "_").upper()} for a in found]
    return [attribute for attribute in shown if types is None or attribute["type"] in types]


def _attribute(graph: _Graph, source: _Record, slug: str) -> Json | None:
    """Resolve `attribute(slug:)`: null if it is unknown, or if it is unset and its type has no null."""
    found = next((a for a in graph.load(graph.loader.attributes, source.object_slug) if a["api_slug"] == slug), None)
    if found is None:
        return None
    plain = [_plain(graph, value) for value in source.data["values"].get(slug, ())]
    name = found["type"].title().replace("-", "") + "Value"
    if f"Multi{name}" in _schema().type_map and (found["is_multiselect"] or name not in _schema().type_map):
        return {"__typename": f"Multi{name}", "values": plain}
    if not plain and name in {"CheckboxValue", "RatingValue"}:
        return None
    return {"__typename": name, "value": next(iter(plain), None)}


def _plain(graph: _Graph, value: Json) -> Any:
    """Return a REST value as GraphQL shows it."""
    show = _PLAIN.get(value["attribute_type"])
    return show(graph, value) if show else value["value"]


def _choice(key: str) -> Callable[[_Graph, Json], Json]:
    return lambda _graph, value: {"id": value[key]["id"][f"{key}_id"], "title": value[key]["title"]}


def _user(member: Json) -> Json:
    names = {"name": f"{member['first_name']} {member['last_name']}".strip()} | {key: member[key] for key in _NAME[:2]}
    return {"id": member["id"]["workspace_member_id"], "email": member["email_address"]} | names


def _actor(graph: _Graph, value: Json) -> Json | None:
    kind = value["referenced_actor_type"]
    if kind == "workspace-member":
        member = graph.load(graph.loader.member, value["referenced_actor_id"])
        return None if member is None else _user(member)
    return {"__typename": {"api-token": "APITokenActor", "app": "App"}.get(kind, "SystemActor"), "type": kind}


_PLAIN: dict[str, Callable[[_Graph, Json], Any]] = {
    "email-address": lambda _graph, value: value["email_address"],
    # The prose of Attio's documentation and its OpenAPI name this key differently.
    "phone-number": lambda _graph, value: value.get("phone_number") or value["normalized_phone_number"],
    "domain": lambda _graph, value: value["domain"],
    "personal-name": lambda _graph, value: {part: value[part] or None for part in _NAME},
    "location": lambda _graph, value: {new: value[old] for new, old in _PLACE.items()},
    "select": _choice("option"),
    "status": _choice("status"),
    "record-reference": lambda graph, value: graph.record(value["target_object"], value["target_record_id"]),
    "actor-reference": _actor,
    **dict.fromkeys(("currency", "interaction"), lambda _graph, value: value),
}
_ROOT: dict[str, Callable[..., Any]] = {
    "object": lambda graph, slug: _Object(slug) if graph.load(graph.loader.object, slug) else None,
    "people": lambda _graph: _Object("people"),
    "companies": lambda _graph: _Object("companies"),
    "person": lambda graph, id: graph.record("people", id),
    "company": lambda graph, id: graph.record("companies", id),
    "record": lambda graph, id, object: graph.record(object, id),
    "records": lambda graph, ids, object: graph.records(object, ids),
    "currentUser": lambda graph: _user(graph.load(graph.loader.current_user)),
    "currentWorkspace": lambda graph: {
        name: graph.load(graph.loader.current_workspace)[f"workspace_{name}"] for name in ("id", "name", "slug")
    },
}
_OBJECT: dict[str, Callable[..., Any]] = {
    "slug": lambda _graph, source: source.slug,
    "name": lambda graph, source: graph.load(graph.loader.object, source.slug)["plural_noun"],
    "attributes": _attributes,
    "record": lambda graph, source, id: graph.record(source.slug, id),
    "records": lambda graph, source, ids: graph.records(source.slug, ids),
}
_RECORD: dict[str, Callable[..., Any]] = {
    "id": lambda _graph, source: source.data["id"]["record_id"],
    "url": lambda _graph, source: source.data["web_url"],
    "object": lambda _graph, source: _Object(source.object_slug),
    "attribute": _attribute,
}
