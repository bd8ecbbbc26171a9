"""What a record shows: one function of its leads, whatever their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alc_app.leads.models import Lead
from alc_app.leads.record_values import values_to_show


def lead(status: str, at: float, *, decided: float = 0, requested: bool = False, id: str = "lead") -> Lead:
    """A lead that began `at` a time, with a verdict of another one."""
    until = at if requested else None
    return Lead(status=status, alc_lead_id=id, created_at=at, occurred_at=decided, resend_until=until, interest=None)


OPEN, COMPLETE = lead("pending", 1, id="open"), lead("complete", 2, decided=9, id="complete")
FAILED, REQUEST = lead("failed", 3, decided=8, id="failed"), lead("not_sent", 7, requested=True, id="request")
SENDING, REFUSED = lead("sending", 10, id="sending"), lead("not_sent", 11, id="refused")


@pytest.mark.parametrize(
    ("leads", "shown"),
    [
        ([OPEN, COMPLETE, FAILED, REQUEST, SENDING], ("open", "Pending")),
        ([COMPLETE, FAILED, REQUEST, SENDING, REFUSED], ("complete", "Complete")),
        ([FAILED, REQUEST, SENDING], ("failed", "Failed")),
        ([lead("complete", 1, decided=2, id="old"), REQUEST], ("old", "Complete")),
        ([REQUEST, SENDING, REFUSED], ("request", "Failed")),
    ],
)
@given(data=st.data())
def test_the_chat_under_way_comes_first_then_the_latest_verdict(
    leads: list[Lead], shown: tuple[str, str], data: st.DataObject
) -> None:
    """I4: merged records bring leads in any order, and the youngest row is not the one that matters."""
    values = values_to_show(data.draw(st.permutations(leads)))

    assert values is not None
    assert (values["alc_lead_id"], values["alc_status"]) == shown


@pytest.mark.parametrize("leads", [[], [SENDING], [REFUSED], [SENDING, REFUSED]])
def test_what_has_never_reached_alc_shows_nothing(leads: list[Lead]) -> None:
    """The user who pressed the button has seen on the page how it went."""
    assert values_to_show(leads) is None
