"""Keeps pools of labelled trials in which interventions do real harm, and counts on them how often a promise fails."""
