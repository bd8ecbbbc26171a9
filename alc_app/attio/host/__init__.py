"""What our runtime offers to the app beyond Attio's SDK."""
