"""Settings of a sign-in, for tests of an installation that needs one."""

from __future__ import annotations

SIGN_IN = {
    "auth": "oidc",
    "admins": "robin@example.com",
    "oidc_issuer": "https://login.example.com",
    "oidc_client_id": "alc-app",
    "oidc_client_secret": "secret",
}
