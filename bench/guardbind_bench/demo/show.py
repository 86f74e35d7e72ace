"""Shows a story and a comparison to a person."""

from __future__ import annotations

import math

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from guardbind_bench.demo.results import ComparisonResult, Cost, Detection
from guardbind_bench.demo.story import Story, TokenReading

__all__ = ["show_comparison", "show_story"]

_RIGHT, _WRONG, _FAINT = "bold green", "bold red", "dim"
_EXCERPT = 60

_RANKED = {
    "auroc_evidence_bits": "evidence bits",
    "auroc_margin": "margin of the two best logits",
    "auroc_max_probability": "largest probability",
    "auroc_entropy": "entropy (low is right)",
}

_LEGEND = (
    "2A: share of answers that start with no candidate. 2B: share that start with another candidate than the one asked "
    "for. right→wrong, wrong→right: prompts that guarding spoilt and repaired. Accuracy with Wilson's 95 % interval."
)


def show_story(story: Story, console: Console) -> None:
    """Print one prompt from the question to the repaired answer."""
    parts: list[RenderableType] = [
        Text("What the model was given", "bold").append(f" (prompt {_why(story)})", _FAINT),
        _prompt(story),
        Text("\nWhat it was about to write", "bold"),
        _answer(story),
        Text("\nWhat the guard measured", "bold"),
        Text(
            "It read the last few tokens again with the tokens of one line hidden, then with those of the other, both "
            "in one extra forward pass. A line gives a token log2(with / without) bits: +1 makes it twice as likely."
        ),
        _readings(story),
        _conclusion(story),
        Text("\nWhat was written in the end", "bold"),
        _ending(story),
    ]
    console.print(Panel(Group(*parts), title="One prompt, step by step", box=box.ROUNDED, padding=(1, 2)))


def _why(story: Story) -> str:
    if story.is_clear:
        return f"{story.number}: the first at which a wrong value is at least twice as likely as the right one"
    return (
        f"{story.number}: the first that is answered with a wrong value" if story.stage == "2B" else str(story.number)
    )


def _prompt(story: Story) -> Text:
    text = Text()
    asked = story.trial.target.key
    *facts, question = story.text
    for bound, statement, filler in zip(story.trial.bound, facts[::2], facts[1::2], strict=True):
        style = _RIGHT if bound.key == asked else _WRONG
        text.append("  ").append(statement.rstrip("\n"), style).append("\n")
        if filler:
            words = " ".join(filler.split())
            excerpt = words if len(words) <= _EXCERPT else words[:_EXCERPT].rsplit(" ", 1)[0] + " …"
            text.append(f"  {excerpt} ({len(words.split())} words of other text)\n", _FAINT)
    for line in question.strip("\n").split("\n"):
        text.append(f"  {line}\n", "cyan")
    text.rstrip()
    return text


def _own(story: Story) -> TokenReading:
    return next(reading for reading in story.readings if reading.token == story.slot.token)


def _answer(story: Story) -> Text:
    own = _own(story)
    right = story.stage == "right"
    text = Text.assemble(
        (own.text.strip() or repr(own.text), _RIGHT if right else _WRONG),
        f", with probability {_p(own.logprob)}",
    )
    if story.stage == "2B":
        target = story.readings[story.trial.asked]
        text.append(f", {math.exp(own.logprob - target.logprob):.1f} times that of {target.text.strip()}")
        others = [bound for bound in story.trial.bound if bound.value.token == own.token]
        whose = f"That is the value of {others[0].key}. " if others else "No line of the prompt holds it. "
        text.append(f". {whose}The value of {story.trial.target.key} is in the prompt; it did not reach the answer.")
    elif right:
        text.append(". That is right; no prompt was found that made it write another key's value.")
    else:
        text.append(". That is no candidate at all; no prompt was found that made it write another key's value.")
    return text


def _readings(story: Story) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("token")
    table.add_column("p, all visible", justify="right")
    for bound in story.trial.bound:
        table.add_column(f"p, {bound.key} hidden", justify="right")
    for bound in story.trial.bound:
        table.add_column(f"bits from {bound.key}", justify="right")
    for reading in story.readings:
        style = _RIGHT if reading.token == story.trial.target.value.token else _WRONG
        table.add_row(
            Text(reading.text.strip() or repr(reading.text), style),
            _p(reading.logprob),
            *map(_p, reading.priors),
            *(Text(f"{bits:+.1f}", "bold" if bits >= 1 else "") for bits in reading.bits),
        )
    return table


def _conclusion(story: Story) -> Text:
    own, asked = _own(story), story.trial.asked
    key, token = story.trial.target.key, own.text.strip() or repr(own.text)
    text = Text(f"The question asks for {key}, so the answer should rest on the line of {key}. ")
    if story.slot.verdict == "ok":
        return text.append(f"It does: that line gives {token} {own.bits[asked]:+.1f} bits.")
    text.append(f"That line gives {token} {own.bits[asked]:+.1f} bits")
    best = max(range(len(own.bits)), key=own.bits.__getitem__)
    if best != asked and own.bits[best] >= 1:
        text.append(f"; it is the line of {story.trial.bound[best].key} that gives it {own.bits[best]:+.1f}")
    return text.append(". Verdict: ").append(story.slot.verdict, _WRONG).append(".")


def _ending(story: Story) -> Text:
    slot, remedy = story.slot, story.remedy
    if remedy is None:
        return Text(
            f"The same: {'nothing had to be' if slot.verdict == 'ok' else 'nothing that could be verified was'} done."
        )
    right = slot.final_token == story.trial.target.value.token
    final = (slot.final_text or "").strip() or repr(slot.final_text)
    text = Text.assemble((final, _RIGHT if right else _WRONG), " by ", (remedy.action, "bold"))
    if remedy.action == "contrast":
        text.append(", which chooses among the values by what the evidence adds to them")
    if remedy.action == "checkpoint":
        text.append(", which restates the evidence before the answer")
    text.append(". Checked before it was written: ")
    if remedy.bits_after is not None:
        text.append(f"the line of {story.trial.target.key} gives it {remedy.bits_after:+.1f} bits; ")
    text.append("verdict ").append(slot.final_verdict, _RIGHT if slot.passed else _WRONG)
    return text.append(".")


def _p(logprob: float) -> str:
    p = math.exp(logprob)
    return f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}"


def show_comparison(result: ComparisonResult, console: Console) -> None:
    """Print every policy side by side, what tells right from wrong, and what guarding costs."""
    console.print()
    console.print(
        f"{result.trials} prompts of {result.prompt_tokens} tokens: {result.task}, {result.filler} filler, {result.k} "
        f"per block, {result.candidates} candidates",
        style="bold",
    )
    console.print(_policies(result))
    console.print(_LEGEND, style=_FAINT)
    found = result.detection
    console.print(
        f"\nRead before anything is written: telling {found.right} right answers from {found.wrong_2b} that are 2B",
        style="bold",
    )
    console.print(_detection(found))
    if result.cost is not None:
        console.print("What guarding costs, as a ratio of times in this run", style="bold")
        console.print(_cost(result.cost))


def _policies(result: ComparisonResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("policy", no_wrap=True)
    table.add_column("the guard was told")
    for heading in ("accuracy", "2A", "2B", "right→\nwrong", "wrong→\nright"):
        table.add_column(heading, justify="right", no_wrap=True)
    best = max(row.accuracy for row in result.policies.values())
    for name, row in result.policies.items():
        table.add_row(
            Text(name, "bold"),
            row.told,
            Text.assemble(
                (f"{row.accuracy:.3f}", "bold green" if row.accuracy == best else "bold"),
                (f" [{row.interval[0]:.2f}, {row.interval[1]:.2f}]", _FAINT),
            ),
            f"{row.rate_2a:.3f}",
            f"{row.rate_2b:.3f}",
            Text(str(row.right_to_wrong), "red" if row.right_to_wrong else _FAINT),
            Text(str(row.wrong_to_right), "green" if row.wrong_to_right else _FAINT),
        )
    return table


def _detection(detection: Detection) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("read at the slot")
    table.add_column("AUROC", justify="right")
    for name, label in _RANKED.items():
        area = getattr(detection, name)
        interval = detection.intervals.get(name)
        shown = Text("–") if area is None else Text(f"{area:.4f}", "bold" if name == "auroc_evidence_bits" else "")
        if interval is not None:
            shown.append(f" [{interval[0]:.3f}, {interval[1]:.3f}]", _FAINT)
        table.add_row(label, shown)
    return table


def _cost(cost: Cost) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("guarded / unguarded")
    table.add_column("ratio", justify="right")
    for label, ratio, (low, high) in (
        ("64 tokens decoded under a guard that finds no slot: time per token", cost.idle_ratio, cost.idle_range),
        ("a whole answer of one token at a slot, prompt included", cost.slot_ratio, cost.slot_range),
    ):
        table.add_row(label, Text.assemble(f"{ratio:.3f}", (f" [{low:.2f}, {high:.2f}]", _FAINT)))
    table.add_row("extra forward passes per slot", f"{cost.null_forwards_per_slot:g}")
    return table
