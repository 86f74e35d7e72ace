"""Runs the experiment `calibration`."""
