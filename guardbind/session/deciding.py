"""Says whose evidence is taken away at a slot: bindings that decide the verdict, or every one; what is attended to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.policies import Policy
from guardbind.policies.judge import rests
from guardbind.session.copying import copies_at
from guardbind.session.opener import Opening
from guardbind.session.slot import is_certain
from guardbind.session.standing import Standing

__all__ = ["attended_at", "first_nulls", "further_nulls"]

# Bindings whose values begin alike: the first token tells none of them from the others, and what it rests on is asked
# of each until one is found. Some tokens more in a pass take less time than a second pass.
_TOGETHER = 3


def first_nulls(opening: Opening, logits: Tensor, config: GuardConfig, *, masks: bool = True) -> list[int]:
    """Return the bindings whose evidence is taken away at first: target, what is about to be written, strongest rival.

    Nothing else is asked by a verdict: the target's null says whether a token rests on its evidence, and those of the
    values that a token begins whether it begins them by chance: of three at once, where the target is not among them.
    One rival more says for the record what a token rests on that is no value, or whether the target's would have been
    as likely without it.

    Args:
        opening: Where.
        logits: Raw logits `[vocabulary]`.
        config: Its `rivals`, `plausibility` and `max_nulls` are used.
        masks: A binding more costs a few tokens. Where it costs the whole prompt once more, one is read at first.
    """
    every = opening.wanted(config.max_nulls)
    if config.rivals == "every":
        return every
    target = opening.measurable_target
    begun = opening.owners
    if target is None or target not in begun:
        rival = begun[: _TOGETHER if masks else 1] or _plausible_rival(opening, logits, config.plausibility)
    else:
        rival = _plausible_rival(opening, logits, config.plausibility)
    chosen = {*rival, *(() if target is None else (target,))}
    # What has no target and no candidate is read once all the same: a slot without any null is one that was refused.
    return [item for item in every if item in chosen] or every[:1]


def further_nulls(
    opening: Opening, read: Sequence[int], nulls: Mapping[int, Tensor], logits: Tensor, config: GuardConfig
) -> list[int]:
    """Return the bindings that have to be read too, where none of those read so far tells enough.

    They are the others that have the value which is about to be written.

    Args:
        opening: Where.
        read: The bindings that were to be read.
        nulls: Index of a binding to log p0 `[vocabulary]`, nats; empty where it was refused.
        logits: Raw logits `[vocabulary]`.
        config: Its `min_evidence_bits` and `max_nulls` are used.
    """
    begun = opening.owners
    left = [item for item in opening.wanted(config.max_nulls) if item in begun and item not in read]
    if not left or not nulls:
        return []
    logprobs = torch.log_softmax(logits, -1)
    told = any(rests(opening.token, logprobs, nulls[item], config) for item in read if item in begun)
    return [] if told else left


def attended_at(
    opening: Opening, policy: Policy, config: GuardConfig, standing: Standing, tokenizer: PreTrainedTokenizerBase
) -> int | None:
    """Return the binding whose evidence is read with more attention beside the nulls; None where nothing asks for it.

    A policy that `attends` asks for it wherever the target is certain. One that `attends_closed` does where it will be
    wanted first: the target was declared, and the model's token begins no value, or not what is to be copied.

    Args:
        opening: Where.
        policy: The guard's.
        config: Its settings.
        standing: How it stands to its calibration.
        tokenizer: The model's tokenizer.
    """
    target = opening.measurable_target
    if target is None:
        return None
    if getattr(policy, "attends", False):
        return target if is_certain(opening, config, standing) else None
    if not getattr(policy, "attends_closed", False) or opening.resolution.how != "declared":
        return None
    closed = opening.node is not None and not opening.node.kept_by(opening.token)
    return target if closed or copies_at(opening, tokenizer) else None


def _plausible_rival(opening: Opening, logits: Tensor, plausibility: float) -> list[int]:
    """Return a binding of the likeliest value other than the target's; none where none is plausible."""
    node, bound = opening.node, opening.row.bound
    meant = bound.candidate(opening.measurable_target)
    others = [] if node is None else [token for token, child in node.children.items() if meant not in child.values]
    if node is None or not others:
        return []
    places = torch.tensor(others, device=logits.device)
    best, place, most = torch.stack([*(t.float() for t in logits[places].max(0)), logits.max()]).tolist()
    if best < most + math.log(plausibility):
        return []
    items = bound.owners(node.children[others[int(place)]].values)
    return [item for item in items if not bound.table.items[item].absent][:1]
