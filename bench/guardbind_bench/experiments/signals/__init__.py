"""Runs the experiment `signals`."""
