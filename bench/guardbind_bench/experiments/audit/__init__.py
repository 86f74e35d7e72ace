"""Runs the experiment `audit`."""
