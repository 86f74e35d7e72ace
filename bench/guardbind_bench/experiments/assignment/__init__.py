"""Runs the experiment `assignment`."""
