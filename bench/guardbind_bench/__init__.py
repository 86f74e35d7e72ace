"""Measures how often values are bound wrongly, why, and what repairs it: tasks, experiments, reports."""
