"""Reads a model: the only room that knows `torch.nn`, and what differs between versions of transformers.

The names of the room stand in `__init__.pyi` and load at their first use, so that resolving the name of a model does
not import torch.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
