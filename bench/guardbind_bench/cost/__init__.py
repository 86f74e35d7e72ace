"""Measures what the guard costs in time and memory."""
