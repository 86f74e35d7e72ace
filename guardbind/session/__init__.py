"""Follows one generation from step to step: the state of its rows and the way of each value."""
