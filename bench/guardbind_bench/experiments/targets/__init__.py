"""Runs the experiment `targets`."""
