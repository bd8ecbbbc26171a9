"""What a webhook should have told and did not: ALC is asked. Later 10-11 for deliveries that never came.

One lead is asked for when its verdict is late; a sweep asks for all, page by page: every hour, when a person presses
the button of the install page, by `alc-app catch-up`, and after a subscription had been lost.

TUTORIAL: it has no such file. A webhook that is lost, disabled at ALC or sent while nobody was connected leaves the
record Pending for ever.
"""

from alc_app.attio import AttioError, AttioNoWorkspaceConnectionError
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcError
from alc_app.leads import reconcile_rows, transitions
from alc_app.leads.record_sync import show_lead_status


def catch_up(lead_id: str) -> None:
    """Ask ALC about a lead whose verdict has not come; what cannot be known now is asked again later."""
    alc_lead_id = transitions.sent_as(lead_id)
    if alc_lead_id is None:
        return
    try:
        verdict = alc_api.find_verdict(get_workspace_connection(), alc_lead_id)
    except (AlcError, AttioError):
        return
    if verdict and transitions.processed(verdict):
        show_lead_status(lead_id)


def sweep_leads(workspace_id: str) -> None:
    """Ask ALC for every lead since the last sweep; what cannot be known now is asked again later.

    Each page is a step, so a crash goes on at the page where it was.
    """
    del workspace_id  # one installation serves one
    begun = reconcile_rows.begin_sweep()
    try:
        reconcile_rows.ended(begun.at, _sweep(begun.back_to))
    except AttioNoWorkspaceConnectionError:
        return  # whoever connects has all of it asked for
    except (AlcError, AttioError) as error:
        reconcile_rows.failed(error.message)


def _sweep(back_to: float) -> int:
    connection, cursor, told = get_workspace_connection(), None, 0
    while True:
        page = alc_api.list_verdicts(connection, cursor)
        for lead_id in (news := transitions.all_processed(page.verdicts)):
            show_lead_status(lead_id)
        told, cursor = told + len(news), page.next_cursor
        if cursor is None or (page.oldest and page.oldest.timestamp() < back_to):
            return told
