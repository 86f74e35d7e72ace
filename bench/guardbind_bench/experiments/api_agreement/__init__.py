"""Runs the experiment `api_agreement`."""
