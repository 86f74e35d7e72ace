"""Runs the experiment `rivals`."""
