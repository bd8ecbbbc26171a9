"""Grades the other side: `receiver` posts a conformance run at a webhook endpoint, `sender` judges what it is sent."""
