"""Compile each route once in a process, and not in each Flask app that a test makes.

That is nearly all of what making the app of the pages costs, and half of what making a mock of ALC costs.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule


def compile_routes_once() -> None:
    """Have every Flask app that is made from now on share what its routes are compiled to with the others."""
    compile_one = Rule.compile
    compiled: dict[tuple[Any, ...], Rule] = {}

    def compile_rule(rule: Rule) -> None:
        own = rule.map and rule.map.converters != rule.map.default_converters
        if rule.defaults or rule.host or own:  # these are compiled too
            compile_one(rule)
            return
        key = (rule.rule, rule.subdomain, rule.merge_slashes)
        if key not in compiled:
            compile_one(rule)
            compiled[key] = rule
            return
        take(compiled[key], rule)

    Rule.compile = compile_rule


def take(compiled: Rule, rule: Rule) -> None:
    """Give `rule` what the same rule of another app was compiled to."""
    rule._parts, rule._trace, rule.arguments = compiled._parts, compiled._trace, set(compiled.arguments)
    rule._converters = compiled._converters
    rule._build = compiled._build.__func__.__get__(rule)
    rule._build_unknown = compiled._build_unknown.__func__.__get__(rule)
