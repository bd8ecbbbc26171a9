"""Leads, the SMS agent and its chats."""
