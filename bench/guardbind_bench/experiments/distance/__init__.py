"""Runs the experiment `distance`."""
