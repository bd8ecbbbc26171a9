"""The pages of the labs: what they ask for before they can run."""

import re

import pytest
from flask.testing import FlaskClient

from tests.support.fakes.workspace import FakeWorkspace


@pytest.mark.parametrize("path", ["/labs/double-click", "/labs/stories/nothing_left"])
def test_whoever_has_to_connect_first_comes_back(
    browser_client: FlaskClient, workspace: FakeWorkspace, path: str
) -> None:
    """The tutorial ends with Disconnect and leads here, so this is where most people meet their first lab."""
    workspace.labs.lacks = "Connect Acme Lead Checker first."

    [link] = re.findall(r'href="(/apps/alc\?[^"]+)">Open Acme Lead Checker', browser_client.get(path).text)

    assert f'href="/connections/alc/connect?next={path}"' in browser_client.get(link).text.replace("%2F", "/")
