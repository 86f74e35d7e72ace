"""The reports: tables, plots, and the comparison with what was published."""
