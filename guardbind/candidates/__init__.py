"""Holds the values that could be written, as token sequences, and reads their logits."""
