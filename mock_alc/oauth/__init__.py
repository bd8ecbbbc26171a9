"""The OAuth authorization server and the check of access tokens (RFC 6749, 6750, 7636, 7009, 8414, 9207, 9700)."""
