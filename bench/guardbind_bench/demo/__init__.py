"""Runs and shows `guardbind demo`: one prompt step by step, every policy side by side, what it costs."""
