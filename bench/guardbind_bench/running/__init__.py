"""Runs experiments into folders that survive being killed: runner, batches, processes."""
