"""What a webhook should have told and did not: ALC is asked. Later 10-11 for deliveries that never came.

TUTORIAL: it has no such file. A webhook that is lost, disabled at ALC or sent while nobody was connected leaves the
record Pending for ever.
"""

from alc_app import alc_api, leads
from alc_app.alc_api import AlcError
from alc_app.attio import AttioError
from alc_app.attio.server import get_workspace_connection
from alc_app.lead_status import show_lead_status


def catch_up(lead_id: str) -> None:
    """Ask ALC about a lead whose verdict has not come; what cannot be known now is asked again later."""
    alc_lead_id = leads.sent_as(lead_id)
    if alc_lead_id is None:
        return
    try:
        verdict = alc_api.find_verdict(get_workspace_connection(), alc_lead_id)
    except (AlcError, AttioError):
        return
    if verdict and leads.processed(verdict):
        show_lead_status(lead_id)
