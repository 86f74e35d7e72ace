"""Tries the guard on every model type that transformers registers, each built tiny and random."""
