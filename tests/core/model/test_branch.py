"""A branch over a borrowed cache reads what one over a copy of it reads, while the live cache stays and grows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families import FAMILIES, speaking
from torch import Tensor
from transformers import PreTrainedTokenizerBase, StaticCache

from guardbind.errors import NullUnavailableError
from guardbind.model import branch, branches
from guardbind.model.branch import Branch
from guardbind.model.branches import BranchRequest, read_branches
from guardbind.model.cache import generation_cache, own_cache, view_of
from guardbind.model.tail import Tail

IDS = [[5, 6, 7, 8, 9, 10, 11, 12, 13, 14], [9, 8, 7, 6, 5, 4, 3, 6, 7, 8], [7, 7, 9, 9, 5, 5, 8, 8, 6, 6]]
PAD = 2  # of the second row
TOKENS, AHEAD = [11, 5, 6], [7, 8, 9]
COLUMNS = len(IDS[0])


class Live:
    """A generation of three rows, one of them padded, that is interrupted and goes on."""

    def __init__(self, model: Any, tokenizer: PreTrainedTokenizerBase, cache: Any) -> None:
        self.model, self.cache, self.columns = model, cache, 0
        self.mask = torch.ones(len(IDS), COLUMNS + len(AHEAD), dtype=torch.long)
        self.mask[1, :PAD] = 0
        self.read(torch.tensor(IDS))
        self.tail = Tail(model, tokenizer, cache, COLUMNS, 4)

    @torch.no_grad()
    def read(self, ids: Tensor) -> None:
        before, self.columns = self.columns, self.columns + ids.shape[1]
        mask = self.mask[:, : self.columns]
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, before:]
        self.model(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=self.cache)

    def contents(self) -> list[Tensor]:
        return [part.clone() for layer in self.cache.layers for part in (layer.keys, layer.values)]


def requests(cuts: list[int]) -> list[BranchRequest]:
    pads = [0, PAD, 0]
    return [BranchRequest(row, pads[row], IDS[row][pads[row] :], cut, TOKENS[cut:]) for row, cut in enumerate(cuts)]


@torch.no_grad()
def logits_of(live: Live, cuts: list[int]) -> list[Tensor]:
    """Read the branches of all rows at once, then on from each while the live cache grows."""
    before = live.contents()
    wanted = requests(cuts)
    read_branches(live.tail, wanted)
    found = [request.found for request in wanted]
    logits = [one.logits for one in found if isinstance(one, Branch)]
    assert len(logits) == len(wanted)
    assert all(torch.equal(one, other) for one, other in zip(before, live.contents(), strict=True))
    for token in AHEAD:
        live.read(torch.full((len(IDS), 1), token))
        logits += [one.advance(token) for one in found if isinstance(one, Branch)]
    return logits


def copied(cache: Any, rows: list[int], columns: int, total: int) -> Any:
    return view_of(cache, rows, columns, total)


FULL = [name for name, family in FAMILIES.items() if not family.recurrent]


@pytest.mark.parametrize("cuts", [[0, 0, 0], [2, 0, 1]], ids=["even", "uneven"])
@pytest.mark.parametrize("kind", ["as generate has it", "every column", "static"])
@pytest.mark.parametrize("name", FULL)
def test_it_reads_what_it_reads_over_a_copy(
    name: str, kind: str, cuts: list[int], tiny_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = speaking(name, tiny_tokenizer)

    def live() -> Live:
        if kind == "static":
            cache: Any = StaticCache(model.config, max_cache_len=COLUMNS + len(AHEAD))
        else:
            cache = own_cache() if kind == "every column" else generation_cache(model)
        return Live(model, tiny_tokenizer, cache)

    ours = logits_of(live(), cuts)
    monkeypatch.setattr(branches, "_read_together", lambda *_: False)
    one_by_one = logits_of(live(), cuts)
    monkeypatch.setattr(branch, "borrowed", copied)
    over_a_copy = logits_of(live(), cuts)
    assert all(torch.equal(one, other) for one, other in zip(one_by_one, over_a_copy, strict=True))
    for one, other in zip(ours, over_a_copy, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


@torch.no_grad()
def test_a_window_that_overflows_while_a_branch_is_followed_changes_nothing_of_it(
    tiny_tokenizer: PreTrainedTokenizerBase,
) -> None:
    model = speaking("gemma2", tiny_tokenizer, window=COLUMNS + 2)
    live = Live(model, tiny_tokenizer, generation_cache(model))
    wanted = requests([0, 0, 0])
    read_branches(live.tail, wanted)
    for token in AHEAD:
        live.read(torch.full((len(IDS), 1), token))
        for request in wanted:
            assert isinstance(request.found, Branch)
            request.found.advance(token)
    for request in wanted:
        assert isinstance(request.found, Branch)
        ids = torch.tensor([[*request.ids, *TOKENS, *AHEAD]])
        alone = model(input_ids=ids, use_cache=False).logits[0, -1]
        torch.testing.assert_close(request.found.logits, alone, rtol=1e-4, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("fails", ["at once", "in the middle"])
def test_a_model_that_fails_over_a_borrowed_cache_leaves_the_live_one_and_reads_from_the_first_token(
    fails: str, tiny_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = speaking("llama", tiny_tokenizer)
    live = Live(model, tiny_tokenizer, own_cache())
    before = live.contents()
    layer = model.model.layers[0 if fails == "at once" else -1]

    def fail(_module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        if kwargs.get("past_key_values") is not None:
            raise ValueError("not over this cache")

    hook = layer.register_forward_pre_hook(fail, with_kwargs=True)
    try:
        request = requests([0, 0, 0])[1]
        read_branches(live.tail, [request, *requests([0, 0, 0])[:1]])
    finally:
        hook.remove()
    assert not isinstance(request.found, NullUnavailableError) and request.found is not None
    ids = torch.tensor([[*request.ids, *TOKENS]])
    torch.testing.assert_close(request.found.logits, model(input_ids=ids).logits[0, -1], rtol=1e-4, atol=1e-3)
    assert all(torch.equal(one, other) for one, other in zip(before, live.contents(), strict=True))
    assert live.cache.get_seq_length() == COLUMNS
