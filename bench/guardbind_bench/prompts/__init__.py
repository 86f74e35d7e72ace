"""Makes the prompts of the bench: trials, tasks, texts, fillers."""
