"""The thread that decides leads and sends webhooks, and its virtual time."""
