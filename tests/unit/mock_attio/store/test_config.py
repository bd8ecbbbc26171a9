"""The settings of a stand-in."""

import pytest

from alc_app.mock_attio.store.config import MockAttioConfig


def test_the_links_to_records_follow_the_template() -> None:
    """`web_url` is checked when it is given, not when the first record is shown."""
    assert MockAttioConfig("sqlite://", "t", web_url="http://127.0.0.1:8000/{object}/{record_id}")
    for template in ("{nope}", "{", "{0}"):
        with pytest.raises(ValueError, match="web_url may use"):
            MockAttioConfig("sqlite://", "t", web_url=template)


def test_secrets_are_not_shown() -> None:
    """U8: neither the token nor a password in the database's address is in the text form."""
    config = MockAttioConfig("postgresql://alc:canary@localhost/crm", "canary")
    assert "canary" not in repr(config)
