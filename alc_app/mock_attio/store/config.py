"""The settings of the stand-in. The command line and tests build one and pass it to `create_app`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alc_app.mock_attio.store.webhook_post import post
from mock_alc.base.clock import utc_now

Post = Callable[[str, bytes, Mapping[str, str]], int | None]
"""POST a body to a URL with these headers. Returns the status of the response, or None if there was none."""

StatusType = Literal["text", "select", "status"]


@dataclass(frozen=True)
class MockAttioConfig:
    """The settings of one stand-in: database, access token, rate limits (requests per second; 0 means no limit).

    `web_url` is the template for links to records; it may use {workspace}, {object}, {noun} and {record_id}.
    """

    database_url: str = field(repr=False)
    token: str = field(repr=False)
    status_type: StatusType = "text"
    writes_per_second: int = 25
    reads_per_second: int = 100
    web_url: str = "https://app.attio.com/{workspace}/{noun}/{record_id}"
    now: Callable[[], datetime] = utc_now
    post: Post = post
    """Sends the messages to webhooks."""
    control: bool = False
    """Opens the control API `/_mock` to programs on this machine."""
    seeded: bool = True
    """Whether a new database, and one after a reset, has the people and companies of the demo."""

    def __post_init__(self) -> None:
        """Raise ValueError for a template that would fail when the first record is shown."""
        try:
            self.web_url.format(workspace="", object="", noun="", record_id="")
        except (KeyError, IndexError, ValueError) as error:
            known = "{workspace}, {object}, {noun} and {record_id}"
            raise ValueError(f'web_url may use {known}, but it is "{self.web_url}".') from error
