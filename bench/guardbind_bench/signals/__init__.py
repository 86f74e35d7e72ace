"""Holds the signals: what gives one number per slot, the higher the more suspicious."""
