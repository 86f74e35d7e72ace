"""Takes evidence away, do(E=∅): what the model would have written without a piece of it.

`mask` runs the last few tokens again with the evidence columns masked, all nulls of a slot in one forward; `mask_rows`
does so in one row per null, for attention backends that take no 4-D mask. The
re-prefill family reads an edited prompt from its first token on and costs one prefill per null: `mask_prefill` (the
evidence columns are invisible to every token), `redact` (the value becomes a placeholder), `delete` (the statement is
gone), `same_length` (the value becomes as many neutral tokens), `no_evidence` (every statement is gone).
"""

from __future__ import annotations

from guardbind.nulls.null import Null, NullReading, NullRow, SpanBias

__all__ = ["Null", "NullReading", "NullRow", "SpanBias"]
