"""The step block "Send to ALC and wait"."""

from alc_app.attio import StepBlock
from alc_app.blocks.send_to_alc.block import block
from alc_app.blocks.send_to_alc.execute import execute
from alc_app.blocks.send_to_alc.finish import finish

send_to_alc_block = StepBlock(block, execute, finish)
