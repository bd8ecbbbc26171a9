"""Reads what the API or the control door has refused: for a command, and for a test that fails."""

from typing import Any


def in_words(refusal: Any) -> str:
    """Return the sentences of an error body, of the fields too; nothing for what is not one of ours."""
    error = refusal.get("error") if isinstance(refusal, dict) else None
    if not isinstance(error, dict):
        return ""
    fields = [f"{name}: {problem}" for name, problem in error.get("fields", {}).items()]
    return " ".join([error.get("message", ""), *fields]).strip()
