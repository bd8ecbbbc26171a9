"""`alc-app doctor` on the attributes at Attio: missing, archived, or without a status that the app needs."""

from __future__ import annotations

import pytest

from alc_app.operations.attribute_checks import SLUGS, check_attributes
from tests.support.fakes.runtime import FakeRuntime, Outside, says

ATTRIBUTES = "GET /v2/objects/people/attributes"


def attribute(outside: Outside, slug: str, type: str = "text", *, is_archived: bool = False) -> None:
    """Attio has this attribute."""
    found = {"api_slug": slug, "type": type, "is_archived": is_archived}
    outside.fault(f"{ATTRIBUTES}/{slug}", says(200, {"data": found}))


def problems() -> list[str]:
    return [finding.text for finding in check_attributes()]


@pytest.mark.usefixtures("runtime")
def test_texts_can_hold_every_status(outside: Outside) -> None:
    """Nothing is asked about choices."""
    for slug in SLUGS:
        attribute(outside, slug)

    assert problems() == []
    assert len(outside.calls) == len(SLUGS)


@pytest.mark.parametrize(("type", "kind"), [("select", "options"), ("status", "statuses")])
def test_a_status_that_was_renamed_is_named(runtime: FakeRuntime, outside: Outside, type: str, kind: str) -> None:
    """Without it nobody can be requested in the CRM, and no event says so."""
    titles = [{"title": title} for title in ("Asked", "Pending", "Complete", "Failed")]
    outside.fault(f"{ATTRIBUTES}/alc_status/{kind}", says(200, {"data": titles}))
    attribute(outside, "alc_lead_id")
    outside.fault(f"{ATTRIBUTES}/alc_status", says(200, {"data": {"api_slug": "alc_status", "type": type}}))
    attribute(outside, "alc_interest")

    assert problems() == ["The attribute alc_status of people has no Requested. Run: alc-app setup-attio"]


@pytest.mark.usefixtures("runtime")
def test_what_is_missing_or_archived_is_named(outside: Outside) -> None:
    """With what to do."""
    outside.fault(f"{ATTRIBUTES}/alc_lead_id", says(404))
    attribute(outside, "alc_status", is_archived=True)
    attribute(outside, "alc_interest")

    assert problems() == [
        "The attribute alc_lead_id is missing on people. Run: alc-app setup-attio",
        "The attribute alc_status of people is archived. Restore it in Attio.",
    ]
