"""Everything that keeps the app running besides its entry points. The manifest (`app.py`) names it as `operations`.

TUTORIAL: it has none of this. What fails there is lost, and no one compares ALC, Attio and the app.
"""

from alc_app.attio.host.doctor import Check, DeadLetters
from alc_app.attio.host.operations import Gauge, Operations, RecurringJob, Retention
from alc_app.blocks import workflow_waits
from alc_app.blocks.workflow_waits import LeadWait
from alc_app.leads import record_sync, sends, verdicts
from alc_app.leads.models import EarlyEvent, Lead, RecordSync
from alc_app.leads.reconcile import Reconciliation, check_verdict, due_to_reconcile, reconcile_leads
from alc_app.leads.record_sync import sync_record
from alc_app.operations import dead_letters, maintenance
from alc_app.operations.attribute_checks import check_attributes
from alc_app.operations.lead_checks import check_records, check_unknown_pending_records, check_verdicts
from alc_app.record_events import changed_record_rows, subscription_rows
from alc_app.record_events.changed_record_rows import ChangedRecord
from alc_app.record_events.changed_records import look_at_changes, look_for_requests
from alc_app.record_events.subscription import check_subscription, maintain_subscription
from alc_app.record_events.subscription_rows import RecordSubscription
from alc_app.send_to_alc_server import resolve_send
from alc_app.webhooks.checks import check_webhooks

operations = Operations(
    jobs=[
        RecurringJob("resolve_send", due=sends.due_to_resolve, run=resolve_send, trace=maintenance.trace_of_lead),
        RecurringJob("sync_record", due=record_sync.due_to_sync, run=sync_record, trace=maintenance.trace_of_record),
        RecurringJob(
            "check_verdict", due=verdicts.due_for_verdict_check, run=check_verdict, trace=maintenance.trace_of_lead
        ),
        RecurringJob("reconcile_leads", due=due_to_reconcile, run=reconcile_leads),
        RecurringJob(
            "look_at_changes", due=changed_record_rows.due_to_look, prepare=look_for_requests, run=look_at_changes
        ),
        RecurringJob("maintain_subscription", due=subscription_rows.due_to_check, run=maintain_subscription),
        RecurringJob("notify_workflow", due=workflow_waits.due_to_notify, run=workflow_waits.notify_workflow),
    ],
    retention=[
        Retention("unclaimed results", days=7, forget=maintenance.forget_early_events),
        Retention("ended leads", days=400, forget=maintenance.forget_ended_leads),
        Retention("statuses of records without leads", days=400, forget=maintenance.forget_record_syncs),
        Retention("workflow steps that wait for leads", days=400, forget=workflow_waits.forget_waits),
    ],
    gauges=[
        Gauge("leads", "Leads, by status.", maintenance.count_by_status, "status"),
        Gauge("leads_not_shown", "Records whose status is not up to date.", maintenance.count_unsynced),
    ],
    checks=[
        Check("Webhooks at ALC", check_webhooks),
        Check("Attributes at Attio", check_attributes),
        Check("Subscription at Attio", check_subscription),
        Check("Records in the CRM", check_records),
        Check("Results from ALC", check_verdicts),
        Check("Pending records", check_unknown_pending_records),
    ],
    dead_letters=[
        DeadLetters("record", dead_letters.list_blocked, dead_letters.sync_again, record_sync.dismiss_blocked),
        DeadLetters("send", dead_letters.list_not_sent, None, sends.dismiss_not_sent),
    ],
    tables=[Lead, RecordSync, EarlyEvent, RecordSubscription, ChangedRecord, Reconciliation, LeadWait],
)
