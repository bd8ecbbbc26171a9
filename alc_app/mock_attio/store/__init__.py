"""Tables, the writes to them, and the webhook events that each write sends."""
