"""Makes reports of what was found: tables, plots, and the comparison with what was published."""
