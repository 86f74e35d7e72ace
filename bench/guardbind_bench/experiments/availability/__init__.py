"""Runs the experiment `availability`."""
