"""The authorization server: who may call the API in whose name (RFC 6749, 7636, 7009, 8414, 9207, 9700)."""
