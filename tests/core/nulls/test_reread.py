"""A stretch read again: every token of it against reading the row token by token, blind to what is hidden."""

from __future__ import annotations

import pytest
import torch
from brute_force import CLOSE, by_hand, contents, interrupted, null_rows, random_rows
from families import speaking
from transformers import PreTrainedTokenizerBase

from guardbind import NullUnavailableError
from guardbind.model.tail import Tail
from guardbind.nulls import mask
from guardbind.registry import NULLS

LENGTHS = (26, 21)
AGAIN = 5
HIDDEN = (((range(3, 9),), (range(12, 15), range(18, 20))), ((range(4, 9),),))


@pytest.mark.parametrize("name", ["mask", "mask_rows"])
@pytest.mark.parametrize(("family", "cache"), [("llama", "default"), ("gemma3_text", "default"), ("gpt2", "static")])
@pytest.mark.parametrize("few", [False, True], ids=["at once", "in parts"])
def test_every_token_is_as_likely_as_read_blind(
    family: str,
    cache: str,
    name: str,
    few: bool,
    tiny_tokenizer: PreTrainedTokenizerBase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if few:
        monkeypatch.setattr(mask, "_MOST_LOGITS", 1)
    model = speaking(family, tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, _ = interrupted(model, rows, cache)
    before = contents(live)
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), 6)
    read, forwards = NULLS.get(name).reread(tail, null_rows(rows, HIDDEN), columns=max(LENGTHS), again=AGAIN)
    assert forwards >= (3 if few else 1)
    for ids, hidden, found in zip(rows, HIDDEN, read, strict=True):
        assert found.shape == (1 + len(hidden), AGAIN - 1)
        for line, spans in zip(found, ((), *hidden), strict=True):
            for place in range(AGAIN - 1):
                upto = len(ids) - AGAIN + place + 1
                logits = by_hand(model, ids[:upto], spans, place + 1)
                torch.testing.assert_close(line[place], logits.log_softmax(-1)[ids[upto]].cpu(), **CLOSE)
    assert all(torch.equal(one, other) for one, other in zip(before, contents(live), strict=True))


def test_an_earlier_stretch_is_read_from_a_longer_cache(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("llama", tiny_tokenizer)
    (ids,) = random_rows(model, (26,))
    live, _ = interrupted(model, [ids], "default")
    requests = null_rows([ids[:20]], (((range(3, 9),),),))
    read, _ = NULLS.get("mask").reread(Tail(model, tiny_tokenizer, live, 26, 6), requests, columns=20, again=AGAIN)
    logits = by_hand(model, ids[:19], (range(3, 9),), AGAIN - 1)
    torch.testing.assert_close(read[0][1, -1], logits.log_softmax(-1)[ids[19]], **CLOSE)


def test_a_state_that_has_absorbed_the_evidence_is_not_read(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("falcon_h1", tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, _ = interrupted(model, rows, "default")
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), 6)
    with pytest.raises(NullUnavailableError, match="recurrent"):
        NULLS.get("mask").reread(tail, null_rows(rows, HIDDEN), columns=max(LENGTHS), again=AGAIN)
