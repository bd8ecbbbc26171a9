"""`scripts/bench mix`: threads that click, merge, delete and break things at random; then a check from outside."""
