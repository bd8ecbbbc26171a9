"""The step block "Create task". Attio has its own; it is here because there is no Attio around these workflows."""

from alc_app.attio import StepBlock
from alc_app.blocks.create_task.block import block
from alc_app.blocks.create_task.execute import execute

create_task_block = StepBlock(block, execute)
