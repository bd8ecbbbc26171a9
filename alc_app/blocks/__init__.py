"""Workflow blocks that the app adds to Attio Workflows: a folder for each block, a file for each of its functions."""
