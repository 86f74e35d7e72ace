"""Turns trials into records, one file per measure."""
