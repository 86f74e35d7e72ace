"""Checks that what you add keeps its contract: one function per kind, which fails with the sentence that was broken.

```python
from guardbind.testing import check_policy

def test_my_policy() -> None:
    check_policy(my_policy)
```
"""

from __future__ import annotations

from guardbind.errors import ContractError
from guardbind.testing.null import check_null
from guardbind.testing.policy import check_policy
from guardbind.testing.sink import check_sink
from guardbind.testing.slot import example_slot
from guardbind.testing.slot_rule import check_slot_rule

__all__ = ["ContractError", "check_null", "check_policy", "check_sink", "check_slot_rule", "example_slot"]
