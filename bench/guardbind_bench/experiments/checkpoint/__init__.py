"""Runs the experiment `checkpoint`."""
