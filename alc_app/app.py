"""The manifest: every entry point of the app on one screen. The tutorial's `app.ts`."""

from alc_app.attio import (
    App,
    Check,
    DeadLetters,
    Events,
    Gauge,
    Record,
    Retention,
    Upkeep,
)
from alc_app.blocks import sample_workflows
from alc_app.blocks.create_task import create_task_block
from alc_app.blocks.delay import delay_block
from alc_app.blocks.lead_processed import lead_processed_block
from alc_app.blocks.send_to_alc import send_to_alc_block
from alc_app.connectors.alc import alc
from alc_app.events.connection_added import connection_added
from alc_app.events.connection_removed import connection_removed
from alc_app.extensions.lead_record_widget import lead_record_widget
from alc_app.extensions.load_lead_server import load_lead
from alc_app.extensions.send_to_alc_bulk_record_action import bulk_send_to_alc_action
from alc_app.leads import dead_letters, record_sync_rows, transitions, workflow_waits
from alc_app.leads.checks import check_records, check_strangers, check_verdicts
from alc_app.leads.maintenance import by_status, forget_early_events, forget_ended_leads, not_shown, trace_of
from alc_app.leads.models import EarlyEvent, Lead
from alc_app.leads.reconcile import catch_up, sweep_leads
from alc_app.leads.reconcile_rows import Sweep, due_to_sweep
from alc_app.leads.record_sync import show_lead_status
from alc_app.leads.workflow_waits import LeadWait
from alc_app.record_events import subscription_rows
from alc_app.record_events.record_created import record_created
from alc_app.record_events.record_deleted import record_deleted
from alc_app.record_events.record_merged import record_merged
from alc_app.record_events.record_updated import record_updated
from alc_app.record_events.subscription import check_subscription, keep_subscription
from alc_app.record_events.subscription_rows import RecordSubscription
from alc_app.send_to_alc_record_action import send_to_alc_action
from alc_app.send_to_alc_server import send_to_alc, settle_send
from alc_app.settings.page import page as settings_page
from alc_app.settings.values import strict_removal
from alc_app.webhooks.checks import check_webhooks
from alc_app.webhooks.lead_processed import lead_processed
from alc_app.webhooks.prospect_updated import prospect_updated

app = App(
    record=Record(
        actions=[send_to_alc_action],
        bulk_actions=[bulk_send_to_alc_action],
        widgets=[lead_record_widget],
    ),
    server_functions=[send_to_alc, load_lead],
    webhooks={"lead_processed": lead_processed, "prospect_updated": prospect_updated},
    connectors={"alc": alc},
    events=Events(
        connection_added=connection_added, connection_removed=connection_removed, strict_removal=strict_removal
    ),
    settings=settings_page,
    record_events={
        "record.created": record_created,
        "record.updated": record_updated,
        "record.deleted": record_deleted,
        "record.merged": record_merged,
    },
    blocks=[send_to_alc_block, lead_processed_block, delay_block, create_task_block],
    workflows=[sample_workflows.qualify, sample_workflows.follow_up, sample_workflows.second_chance],
    # TUTORIAL: it has nothing to finish later; what fails there is lost.
    upkeep=[
        Upkeep("settle_send", due=transitions.due_to_settle, run=settle_send, trace=trace_of),
        Upkeep("show_lead_status", due=record_sync_rows.due_to_show, run=show_lead_status, trace=trace_of),
        Upkeep("catch_up", due=transitions.due_to_ask, run=catch_up, trace=trace_of),
        Upkeep("sweep_leads", due=due_to_sweep, run=sweep_leads),
        Upkeep("keep_subscription", due=subscription_rows.due_to_look, run=keep_subscription),
        Upkeep("tell_workflow", due=workflow_waits.due_to_tell, run=workflow_waits.tell_workflow),
    ],
    retention=[
        Retention("verdicts that nobody claimed", days=7, forget=forget_early_events),
        Retention("leads that have ended", days=400, forget=forget_ended_leads),
        Retention("waits of workflows for leads", days=400, forget=workflow_waits.forget_waits),
    ],
    gauges=[
        Gauge("leads", "Leads, by status.", by_status, "status"),
        Gauge("leads_not_shown", "Leads whose record does not say yet what we know.", not_shown),
    ],
    # TUTORIAL: it has nobody who looks whether ALC, Attio and the app still agree (`alc-app doctor`).
    checks=[
        Check("Webhooks at ALC", check_webhooks),
        Check("Subscription at Attio", check_subscription),
        Check("Records in the CRM", check_records),
        Check("Verdicts of ALC", check_verdicts),
        Check("Pending records", check_strangers),
    ],
    dead_letters=[
        DeadLetters("lead", dead_letters.undelivered, dead_letters.show_again, dead_letters.dismiss),
        DeadLetters("send", dead_letters.unsent, dead_letters.send_again, dead_letters.dismiss),
    ],
    tables=[Lead, EarlyEvent, RecordSubscription, Sweep, LeadWait],
)
