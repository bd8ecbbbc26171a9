"""The tutorial's second diagram, first half: Usage 1-12."""

from tests.support.outside import Alc, Attio
from tests.support.people import User

PREPARING = "Preparing to send to ALC..."
SENT = "Successfully sent to ALC!"


def test_a_lead_is_sent_and_marked_pending_and_then_complete(user: User, alc: Alc, attio: Attio) -> None:
    """Usage 3-12 and Later 10-11: the whole round trip of one lead, on the page, at ALC and in Attio."""
    record_id = attio.add_person("Noor Haddad", "+442079460018")

    effects = user.click_send(record_id)

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "showToast", "done"]
    assert (effects[0]["title"], effects[0]["variant"]) == (PREPARING, "neutral")
    assert (effects[2]["title"], effects[2]["variant"]) == (SENT, "success")
    assert user.field(record_id, "ALC status") == "Pending"
    [lead] = alc.leads(record_id)
    assert (lead["name"], lead["phone_number"]) == ("Noor Haddad", "+442079460018")
    assert user.field(record_id, "ALC lead ID") == lead["id"]

    alc.decide(lead["id"], "interested")

    user.sees_status(record_id, "Complete")
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]
    assert attio.value(record_id, "alc_interest") == "interested"
