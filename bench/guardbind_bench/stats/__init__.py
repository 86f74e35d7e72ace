"""Estimates quantities from trials, each with its interval."""
