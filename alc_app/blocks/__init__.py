"""Workflow blocks: what the app adds to Attio Workflows, a folder for each block and a file for each function."""
