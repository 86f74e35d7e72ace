"""Runs the experiment `pseudo-prior`."""
