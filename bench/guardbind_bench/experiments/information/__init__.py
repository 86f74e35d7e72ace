"""Runs the experiment `information`."""
