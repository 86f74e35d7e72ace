"""Measures, at each value a model writes, whether it rests on the evidence that it should rest on, and repairs it.

The public names stand in `__init__.pyi` and load at their first use, so that `import guardbind` does not import torch.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
