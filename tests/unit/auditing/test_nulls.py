"""The family of nulls of an audit: each takes the evidence away in a way of its own, and nothing else."""

from __future__ import annotations

from typing import Literal

import pytest
from fake_verifier import FakeVerifier

from guardbind import AuditConfig, audit

CONTEXT = "The pool opens at dawn.\n\nThe gym opens at noon.\n\nThe bar opens at nine."


def context_of(prompt: str) -> str:
    return prompt.partition("\nCONTEXT\n")[2].partition("\n\nCLAIM\n")[0]


@pytest.mark.parametrize("shown", ["cited", "all"])
def test_each_null_is_a_prompt_of_its_own(shown: Literal["cited", "all"]) -> None:
    verifier = FakeVerifier()
    config = AuditConfig(shown=shown, chat=True, calibration_items=0)
    audit("The gym opens at noon [2].", CONTEXT, verifier=verifier, config=config)
    plain, *nulls = map(context_of, verifier.asked)
    around = ("[S1]\n> The pool opens at dawn.\n", "\n[S3]\n> The bar opens at nine.") if shown == "all" else ("", "")
    assert plain == f"{around[0]}[S2]\n> The gym opens at noon.{around[1]}"
    redact, delete, same_length = (
        f"{around[0]}[S2]\n{said}{around[1]}" for said in ("> [REDACTED]", ">", "> " + " ".join(["..."] * 5))
    )
    assert nulls == [redact, delete, same_length, "(no spans)"]
