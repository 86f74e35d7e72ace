"""do(E=∅): what the model would have written with a piece of evidence taken away.

`mask` runs the last few tokens again with the evidence columns masked, all nulls of a slot in one forward; `mask_rows`
does so in one row per null, for attention backends that take no 4-D mask. The
re-prefill family reads an edited prompt from its first token on and costs one prefill per null: `mask_prefill` (the
evidence columns are invisible to every token), `redact` (the value becomes a placeholder), `delete` (the statement is
gone), `same_length` (the value becomes as many neutral tokens), `no_evidence` (every statement is gone).
"""

from __future__ import annotations

from guardbind.nulls.types import Null, NullReading, NullRow, Tail
from guardbind.registry import Registry

__all__ = ["NULLS", "Null", "NullReading", "NullRow", "Tail"]

NULLS: Registry[Null] = Registry(
    "null",
    {
        "mask": "guardbind.nulls.mask:MASK",
        "mask_rows": "guardbind.nulls.mask:MASK_ROWS",
        "mask_prefill": "guardbind.nulls.prefill:MASK_PREFILL",
        "redact": "guardbind.nulls.prefill:REDACT",
        "delete": "guardbind.nulls.prefill:DELETE",
        "same_length": "guardbind.nulls.prefill:SAME_LENGTH",
        "no_evidence": "guardbind.nulls.prefill:NO_EVIDENCE",
    },
)
