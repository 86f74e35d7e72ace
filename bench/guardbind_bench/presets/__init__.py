"""Holds the presets: which experiments over what, one YAML file per preset."""
