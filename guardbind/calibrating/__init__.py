"""Makes a calibration: runs a model on labelled trials, fits what follows from them, and trains probes."""
