"""The experiments: which trials are measured and what their records say, one file per experiment."""
