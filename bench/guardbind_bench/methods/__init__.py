"""Answers trials by published methods and by the guard's own: one file each, on one interface."""
