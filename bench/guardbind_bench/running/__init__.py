"""The runner: batches, processes, run folders that survive being killed."""
