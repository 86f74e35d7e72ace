"""What `guardbind demo` runs and shows: one prompt step by step, every policy side by side, what it costs."""
