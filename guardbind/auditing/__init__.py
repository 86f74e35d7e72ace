"""Audits a written answer or trace, claim by claim, against the spans of its context."""
