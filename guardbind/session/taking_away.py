"""Takes evidence away at the slots of one step: that by which they are decided, and what no rule has read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.model.tail import Tail
from guardbind.policies import Policy
from guardbind.session.deciding import attended_at, first_nulls, further_nulls
from guardbind.session.meter import NullMeter, NullReadings
from guardbind.session.opener import Opening
from guardbind.session.standing import Standing
from guardbind.session.unbound import rested_on, suspects

__all__ = ["TakingAway"]


@dataclass(frozen=True, slots=True)
class TakingAway:
    """What one generation takes away at its slots.

    Attributes:
        config: The guard's settings.
        meter: Reads the nulls.
        tokenizer: The model's tokenizer.
        policy: The guard's, which may attend more to the target's evidence.
        standing: How the guard stands to its calibration.
    """

    config: GuardConfig
    meter: NullMeter
    tokenizer: PreTrainedTokenizerBase
    policy: Policy
    standing: Standing

    def at(self, tail: Tail, openings: Sequence[Opening], main: Sequence[Tensor]) -> list[NullReadings]:
        """Read the nulls that decide, and those of further bindings where the first ones left it open.

        Args:
            tail: The interrupted generation.
            openings: The slots, at most one of each row.
            main: The raw fp32 logits `[vocabulary]` of each.
        """
        config = self.config
        masks = self.meter.masks
        wanted = [first_nulls(o, z, config, masks=masks) for o, z in zip(openings, main, strict=True)]
        targets = [o.measurable_target for o in openings]
        attended = [attended_at(o, self.policy, config, self.standing, self.tokenizer) for o in openings]
        unread = [suspects(o, self.tokenizer) if masks else () for o in openings]
        beside = [[suspect.tokens for suspect in of] for of in unread]
        nulls = self.meter.read(tail, [o.row for o in openings], main, wanted, targets, attended, beside)
        further = [
            further_nulls(o, read, found.nulls, z, config)
            for o, read, found, z in zip(openings, wanted, nulls, main, strict=True)
        ]
        left = [place for place, items in enumerate(further) if items]
        if left:
            rows, asked = [openings[place].row for place in left], [further[place] for place in left]
            more = self.meter.read(tail, rows, [main[place] for place in left], asked, None)
            for place, found in zip(left, more, strict=True):
                nulls[place] = nulls[place].joined(found)
        return [
            replace(found, unbound=rested_on(o, z, list(zip(of, found.beside, strict=True)), config))
            if found.beside
            else found
            for o, z, of, found in zip(openings, main, unread, nulls, strict=True)
        ]
