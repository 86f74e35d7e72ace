"""Text tasks: prompts as people write them, with all that they bind."""
