"""Runs experiments in batches and processes, into folders that survive being killed."""
