"""Grades the other side: `receiver` sends test deliveries to a webhook URL, `sender` judges recorded attempts."""
