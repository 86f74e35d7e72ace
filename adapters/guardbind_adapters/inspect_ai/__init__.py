"""Guards the models of inspect_ai: the provider `guardbind`."""
