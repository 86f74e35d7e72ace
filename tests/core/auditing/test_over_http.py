"""An audit over a real server with real weights: what the model of this process says, as far as it is returned."""

from __future__ import annotations

from typing import Any

import pytest
from api_servers import served

import guardbind
from guardbind import AuditConfig, audit
from guardbind.auditing import VerifierRecord
from guardbind.backends import Backend
from guardbind.backends.local import LocalBackend

pytest.importorskip("openai")
pytest.importorskip("fastapi")
pytestmark = pytest.mark.real_model

CONTEXT = (
    "The badge number of Bob is 4417.\n\nThe badge number of Alice is 8213.\n\nThe cafeteria opens at half past seven."
)
ANSWER = "The badge number of Alice is 4417 [2]. The cafeteria opens at half past seven [3]."
CONFIG = AuditConfig(nulls=("redact", "delete"))


def unable(backend: Backend) -> VerifierRecord:
    """What the demo model is, as docs/audit.md measures it; so that it is not asked the items here."""
    return VerifierRecord(
        backend=backend.name,
        model=backend.model,
        items=0,
        correct=0,
        accuracy=None,
        interval=None,
        chance=1 / 3,
        p_value=None,
        able=False,
    )


def test_an_audit_over_a_server_says_what_the_local_one_says(demo_model: Any) -> None:
    model, tokenizer = demo_model
    inside = LocalBackend(model, tokenizer)
    local = audit(ANSWER, CONTEXT, verifier=inside, config=CONFIG, checked=unable(inside))
    with served(model, tokenizer) as url:
        backend = guardbind.connect(url, "smollm2-135m")
        told = audit(ANSWER, CONTEXT, verifier=backend, config=CONFIG, checked=unable(backend))
    assert [claim.verdict for claim in told.claims] == [claim.verdict for claim in local.claims]
    assert told.claims[0].verdict == "contradicted"
    assert told.cost.requests > 0
    for seen, exact in zip(told.claims, local.claims, strict=True):
        assert seen.reading is not None and exact.reading is not None
        for name in ("p1", "p0"):
            ranged, point = getattr(seen.reading, name), getattr(exact.reading, name)
            assert ranged.low - 1e-4 <= point.low and point.high <= ranged.high + 1e-4
