"""Holds the experiments, one folder each: which trials are measured, and what their records say."""
