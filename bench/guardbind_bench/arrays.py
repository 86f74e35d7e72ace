"""Names the kinds of NumPy arrays that the bench computes with, each once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Features", "Flags", "Floats", "Indices", "Words"]

Floats = NDArray[np.float64]
"""Numbers."""
Features = NDArray[np.float32]
"""What is read from a model: residuals, embeddings, logits."""
Flags = NDArray[np.bool_]
"""Whether something holds."""
Indices = NDArray[np.int64]
"""Places in a candidate set, counts, indices of trials."""
Words = NDArray[np.str_]
"""Words."""
