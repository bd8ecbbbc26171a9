"""Authlib's OAuth session. It has a file of its own, so that only a process that uses OAuth imports Authlib."""

# Authlib ships no types, so its session looks like Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import requests
from authlib.integrations.requests_client.oauth2_session import OAuth2Session


class OAuthSession(OAuth2Session):
    """Authlib's session, which leaves the reading of token responses to `OAuthClient`."""

    def parse_response_token(self, response: requests.Response) -> requests.Response:
        """Return the response as it is."""
        return response
