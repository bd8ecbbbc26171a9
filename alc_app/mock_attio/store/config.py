"""The settings of the stand-in; its callers (the command line, tests) build one and pass it to `create_app`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alc_app.mock_attio.store.timestamps import utc_now

Post = Callable[[str, bytes, Mapping[str, str]], int | None]
"""Sends a body to an address; returns the status of the answer, or None when there was none."""

StatusType = Literal["text", "select", "status"]


@dataclass(frozen=True)
class MockAttioConfig:
    """What one stand-in is: where its records live, which token opens it, and how fast it may be asked.

    `web_url` is a template for the links to records; it may use {workspace}, {object}, {noun} and {record_id}.
    A limit of 0 means none.
    """

    database_url: str = field(repr=False)
    token: str = field(repr=False)
    status_type: StatusType = "text"
    writes_per_second: int = 25
    reads_per_second: int = 100
    web_url: str = "https://app.attio.com/{workspace}/{noun}/{record_id}"
    now: Callable[[], datetime] = utc_now
    post: Post | None = None
    """What carries messages to webhooks; without it they wait in the outbox."""

    def __post_init__(self) -> None:
        """Refuse a template that would fail with the first record."""
        try:
            self.web_url.format(workspace="", object="", noun="", record_id="")
        except (KeyError, IndexError, ValueError) as error:
            known = "{workspace}, {object}, {noun} and {record_id}"
            raise ValueError(f'web_url may use {known}, but it is "{self.web_url}".') from error
