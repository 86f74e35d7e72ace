"""Holds what several experiments share."""
