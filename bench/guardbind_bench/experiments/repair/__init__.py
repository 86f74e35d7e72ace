"""Runs the experiment `repair`."""
