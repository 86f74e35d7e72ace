"""Reads text: characters and tokens, lines and sentences, turns, words, values."""
