"""Runs the experiment `stages`."""
