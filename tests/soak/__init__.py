"""Long runs with real processes, which `scripts/bench` starts."""
