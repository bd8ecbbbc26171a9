"""What has attributes in Attio: objects, whose items are records, and lists, whose items are entries."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TargetKind:
    """The words in which objects and lists differ; everything else about them is the same code."""

    noun: Literal["object", "list"]
    item: Literal["record", "list-entry"]
    """The name of its items in webhook events."""
    id_key: str
    item_id_key: str
    values_key: str


OBJECTS = TargetKind("object", "record", "object_id", "record_id", "values")
LISTS = TargetKind("list", "list-entry", "list_id", "entry_id", "entry_values")
TARGET_KINDS = {"objects": OBJECTS, "lists": LISTS}
"""By the first part of their paths, which Attio calls `target`."""

PARENT_RECORD = "parent_record"
"""The attribute of every list that refers to the record of an entry."""
