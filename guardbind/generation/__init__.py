"""Stands inside `model.generate`: the only room that knows `transformers.generation`."""
