"""Makes the prompts of tokens, one file per task: what a prompt states and asks."""
