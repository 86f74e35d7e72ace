"""Checks that what you add keeps its contract: one function per kind, which fails with the sentence that was broken.

```python
from guardbind.testing import check_null

def test_my_null() -> None:
    check_null(MY_NULL)
```
"""

from __future__ import annotations

from guardbind.testing.null import check_null
from guardbind.testing.sink import check_sink

__all__ = ["check_null", "check_sink"]
