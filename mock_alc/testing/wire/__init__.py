"""Draws what went over the wire between the app under test and a mock: as text, as Mermaid, and as an HTML page.

`read_exchanges` reads it from the control API, `diagnose` finds the first thing that a correct app does differently,
and `as_text`, `as_mermaid` and `as_page` render a `Drawing`.
"""
