"""Says how often the guard's numbers were right on labelled trials, and what follows for acting and flagging."""
