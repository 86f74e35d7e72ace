"""Reads some slots once for all signals: logits, residuals, attention, head outputs, and what they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor

from guardbind.candidates.gaps import best_token
from guardbind.errors import ConfigError, GuardbindError
from guardbind.model.architecture import find_layers
from guardbind.model.seat import PassRecord
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.head_lists import HeadLists
from guardbind_bench.methods.scene import Scene
from guardbind_bench.prompts.trial import Bound, Trial, draw_seed

__all__ = ["SlotReading"]


class SlotReading(Scene):
    """What is measured at the last token of some prompts.

    Args:
        lab: The model.
        trials: Trials of one length whose questions begin at one place.
        heads: Heads that were found on other trials, or why none were; None where no signal needs them.
        seed: Of what is sampled.
    """

    def __init__(
        self, lab: Lab, trials: Sequence[Trial], heads: HeadLists | GuardbindError | None = None, seed: int = 0
    ) -> None:
        self._seed = seed
        last = find_layers(lab.model)[-1]
        passes: list[Tensor] = []

        def keep(_module: object, _args: object, output: object) -> None:
            states = output[0] if isinstance(output, tuple) else output
            assert isinstance(states, Tensor)
            passes.append(states.detach().float())

        hook = last.register_forward_hook(keep)
        try:
            super().__init__(lab, trials, heads)
        finally:
            hook.remove()
        self._last_layer = torch.cat(passes, 1)

    @cached_property
    def logprobs(self) -> Tensor:
        """Log p1 `[trials, vocabulary]`, nats, fp32."""
        return torch.log_softmax(self.plain, -1)

    @cached_property
    def emitted(self) -> Tensor:
        """Token that the model writes `[trials]`; of equal ones the lowest id."""
        return torch.tensor([best_token(row) for row in self.plain], device=self.plain.device)

    @cached_property
    def is_finite(self) -> bool:
        """Whether the logits are numbers."""
        return bool(self.plain.logsumexp(-1).isfinite().all())

    @property
    def last_layer(self) -> Tensor:
        """The last layer's output at every token `[trials, columns, hidden]`, before the final norm."""
        return self._last_layer

    def of_emitted(self, logprobs: Tensor) -> Tensor:
        """Return what `[trials, vocabulary]` holds for the emitted tokens `[trials]`."""
        return logprobs.gather(-1, self.emitted[:, None])[:, 0]

    def in_candidates(self, logits: Tensor) -> list[Tensor]:
        """Return for each trial log-probabilities among its candidates `[candidates]`, nats."""
        return [
            torch.log_softmax(row[[value.token for value in trial.candidates]], -1)
            for row, trial in zip(logits, self.trials, strict=True)
        ]

    def own(self, place: int) -> list[Bound]:
        """Return the bindings of a trial whose value is the emitted token; none where it is bound to nothing."""
        token = int(self.emitted[place])
        return [bound for bound in self.trials[place].bound if bound.value.token == token]

    def blind(self, name: str, hidden: Sequence[Sequence[int]]) -> Tensor:
        """Read the question blind to some columns of each trial; log p0 `[trials, vocabulary]`, nats.

        Args:
            name: By which it is read once.
            hidden: Columns.
        """
        return self.once(name, lambda: torch.log_softmax(self.tail(hidden)[0], -1))

    def seen(self) -> PassRecord:
        """Read the last token once more, with attention weights and head outputs kept."""
        return self.once("seen", lambda: self.row(reads=True)[1])

    def attention(self) -> Tensor:
        """Return the attention of the last token `[trials, layers, heads, columns]`; a way to ask for `seen`."""
        return self.seen().attention()

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Count the passes inside the block."""
        with self._charged():
            yield

    @torch.no_grad()
    def residuals(self) -> Tensor:
        """Return the residual after each layer at the last token `[layers, trials, hidden]`, of the unguarded pass."""
        # They lie about in the unguarded pass, so that no other one is charged.
        held, self._accounts = self._accounts, []
        try:
            return self.once("residuals", self._read_residuals)
        finally:
            self._accounts = held

    def layers(self) -> Tensor:
        """Return the lens' log-probabilities `[layers, trials, vocabulary]` at the last token, unguarded."""

        def read() -> Tensor:
            return torch.stack([torch.log_softmax(self.lens.logits(layer), -1) for layer in self.residuals()])

        return self.once("lens", read)

    @torch.no_grad()
    def after(self, tokens: Sequence[int]) -> Tensor:
        """Append a token to each prompt; the residual after each layer there, `[layers, trials, hidden]`.

        Args:
            tokens: One for each trial.
        """

        def read() -> Tensor:
            behind = torch.tensor(tokens, device=self.ids.device)[:, None]
            lens = self.lens.apart()
            with lens.attach():
                if self._cache is None:
                    self.prompts([(*trial.ids, token) for trial, token in zip(self.trials, tokens, strict=True)])
                else:
                    both = torch.cat([self.ids[:, -1:], behind], 1)
                    self._pass(both, cache=self._view(self.columns - 1), start=self.columns - 1)
            return _stacked(lens.residuals)

        return self.once(("after", tuple(tokens)), read)

    def drawn(self, count: int, temperature: float, *, among: bool = False) -> Tensor:
        """Draw answers `[trials, count]`, the same ones again for the same trial: no pass is needed for one token.

        Args:
            count: How many.
            temperature: Of the softmax.
            among: Draw among the candidates only.
        """
        rows = []
        for trial, logits in zip(self.trials, self.plain, strict=True):
            drawing = torch.Generator().manual_seed(draw_seed("samples", self._seed, trial.index, count) % 2**63)
            tokens = torch.tensor([value.token for value in trial.candidates])
            chances = torch.softmax((logits.cpu()[tokens] if among else logits.cpu()).double() / temperature, -1)
            places = torch.multinomial(chances, count, replacement=True, generator=drawing)
            rows.append(tokens[places] if among else places)
        return torch.stack(rows)

    def value_tokens(self, place: int) -> list[int]:
        """Return the bound values of a trial, in the order of the text, each once.

        Raises:
            ConfigError: The trial binds nothing.
        """
        found = list(dict.fromkeys(bound.value.token for bound in self.trials[place].bound))
        if not found:
            raise ConfigError("the prompt binds nothing.")
        return found

    def _read_residuals(self) -> Tensor:
        lens = self.lens.apart()
        with lens.attach():
            self._plain()
        return _stacked(lens.residuals)


def _stacked(residuals: dict[int, Tensor]) -> Tensor:
    return torch.stack([residuals[layer].float() for layer in sorted(residuals)])
