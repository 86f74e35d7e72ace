"""Measures guards of a served model: whether they agree with the guard of the same model in this process, and cost."""
