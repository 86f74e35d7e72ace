"""Runs the experiment `methods`."""
