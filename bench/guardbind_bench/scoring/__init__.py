"""Scores free answers."""
