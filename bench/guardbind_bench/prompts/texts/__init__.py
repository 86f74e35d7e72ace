"""Makes the prompts of texts, as people write them, with all that they bind."""
