"""Runs the experiment `applications`."""
