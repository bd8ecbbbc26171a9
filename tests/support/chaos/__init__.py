"""Faults for tests: crashes, kill -9, broken networks and full disks; and what must hold all the same."""
