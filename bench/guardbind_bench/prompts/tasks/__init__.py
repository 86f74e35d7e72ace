"""The tasks: what a prompt states and asks, one file per task."""
