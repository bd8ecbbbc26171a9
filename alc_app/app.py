"""The manifest: every entry point of the app. The tutorial's `app.ts`."""

from alc_app.attio import App, Events, Record
from alc_app.blocks import sample_workflows
from alc_app.blocks.create_task import create_task_block
from alc_app.blocks.delay import delay_block
from alc_app.blocks.lead_processed import lead_processed_block
from alc_app.blocks.send_to_alc import send_to_alc_block
from alc_app.connectors.alc import alc
from alc_app.events.connection_added import connection_added
from alc_app.events.connection_removed import connection_removed
from alc_app.events.secret_rotated import secret_rotated
from alc_app.extensions.lead_record_widget import lead_record_widget
from alc_app.extensions.load_lead_server import load_lead
from alc_app.extensions.send_to_alc_bulk_record_action import bulk_send_to_alc_action
from alc_app.operations import operations
from alc_app.record_events import subscription
from alc_app.record_events.record_created import record_created
from alc_app.record_events.record_deleted import record_deleted
from alc_app.record_events.record_merged import record_merged
from alc_app.record_events.record_updated import record_updated
from alc_app.send_to_alc_record_action import send_to_alc_action
from alc_app.send_to_alc_server import send_to_alc
from alc_app.settings.page import page
from alc_app.settings.values import strict_removal
from alc_app.webhooks.lead_processed import lead_processed
from alc_app.webhooks.prospect_updated import prospect_updated

# TUTORIAL: it names its record action alone, and Attio finds the other files by their names. Here the manifest names
# every entry point, so a missing file is an error at the start. [step usage-1]
app = App(
    record=Record(
        actions=[send_to_alc_action],
        bulk_actions=[bulk_send_to_alc_action],
        widgets=[lead_record_widget],
    ),
    server_functions=[send_to_alc, load_lead],
    webhooks={"lead_processed": lead_processed, "prospect_updated": prospect_updated},
    events=Events(connection_added, connection_removed, strict_removal, secret_rotated, subscription.settings_saved),
    record_events={
        "record.created": record_created,
        "record.updated": record_updated,
        "record.deleted": record_deleted,
        "record.merged": record_merged,
    },
    connectors={"alc": alc},
    blocks=[send_to_alc_block, lead_processed_block, delay_block, create_task_block],
    workflows=[sample_workflows.qualify, sample_workflows.follow_up, sample_workflows.second_chance],
    settings=page,
    operations=operations,
)
