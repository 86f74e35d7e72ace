"""Runs the experiment `audit_null_family`."""
