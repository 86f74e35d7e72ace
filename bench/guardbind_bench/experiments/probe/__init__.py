"""Runs the experiment `probe`."""
