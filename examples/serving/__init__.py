"""Holds what `examples/server.py` is made of: the batches, the shape of the answers, the figures, the load."""
