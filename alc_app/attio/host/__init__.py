"""What our runtime offers to an app beyond Attio's SDK."""
