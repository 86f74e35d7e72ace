"""Runs the experiment `harm`."""
