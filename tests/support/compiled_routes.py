"""Compile the builder of each route's URLs once in a process, and not in each Flask app that a test makes.

That is nearly all of what making the app of the pages costs, and half of what making a mock of ALC costs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def compile_routes_once() -> None:
    """Have every Flask app that is made from now on share the builders of its routes with the others."""
    compile_one: Callable[[Rule, bool], Builder] = Rule._compile_builder
    compiled: dict[tuple[Any, ...], Builder] = {}

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Builder:
        if rule.defaults:  # their values are compiled too
            return compile_one(rule, append_unknown)
        key = (append_unknown, *rule._trace)
        if key not in compiled:
            compiled[key] = compile_one(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = compile_builder
