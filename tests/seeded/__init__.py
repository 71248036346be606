"""Known bugs, built in on purpose: each must be caught by its tests (T-35)."""
