"""The trigger block "Lead processed"."""

from alc_app.attio import TriggerBlock
from alc_app.blocks.lead_processed.activate import activate
from alc_app.blocks.lead_processed.block import block
from alc_app.blocks.lead_processed.deactivate import deactivate
from alc_app.blocks.lead_processed.trigger import trigger

lead_processed_block = TriggerBlock(block, activate, trigger, deactivate)
