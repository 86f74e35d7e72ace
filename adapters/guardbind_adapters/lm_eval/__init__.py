"""Guards the models of lm-evaluation-harness: the model class `guardbind`, and the command that knows it."""
