"""Runs the experiment `patching`."""
