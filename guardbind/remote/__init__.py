"""Guards a model that is only reachable from outside, by further requests."""
