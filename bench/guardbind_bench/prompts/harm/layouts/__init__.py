"""Writes records in one form each: as data, cards, tables, files, logs and prose."""
