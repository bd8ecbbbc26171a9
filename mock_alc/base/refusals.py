"""Reads error bodies of the API and the control API, for commands and for the messages of failing tests."""

from typing import Any


def error_text(refusal: Any) -> str:
    """Return the message of an error body and of its fields; empty if it is not an error of this API."""
    error = refusal.get("error") if isinstance(refusal, dict) else None
    if not isinstance(error, dict):
        return ""
    fields = [f"{name}: {problem}" for name, problem in error.get("fields", {}).items()]
    return " ".join([error.get("message", ""), *fields]).strip()
