"""The presets: which experiments over what, one file per preset."""
