"""The tables of the experiment `applications`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]

_REMOVED = columns.share(
    "2B removed", "Share of the unguarded model's 2B rate that is gone; negative where there is more."
)

TABLES = (
    Table(
        id="applications_answers",
        title="Free answers to prose, records and chats, where the guard sees only the prompt",
        columns={
            "accuracy": columns.share("accuracy", "Answers whose first value is the right one, in any form."),
            "exact": columns.share("exact", "The same, and it is written as in the prompt."),
            "answers_2a": columns.share("2A", "Answers that write none of the values that could be meant."),
            "answers_2b": columns.share("2B", "Answers whose first value is another one."),
            "delta": columns.share("change", "Accuracy less that of the unguarded model, on the same trials."),
            **columns.FLIPS,
        },
        figure="bars",
    ),
    Table(
        id="applications_repair",
        title="What the guard repairs where it knew the target, and what it spoils",
        columns={
            "removed_resolved": columns.share(
                "2B removed, resolved",
                "2B removed among the trials in which a slot on the first value of the unguarded answer has a target.",
            ),
            "removed_asked": columns.share(
                "2B removed, resolved rightly", "The same among the trials in which that target is the right answer."
            ),
            "rate_2b_before": columns.share("2B before", "2B of the unguarded model, where that slot has a target."),
            "rate_2b_after": columns.share("2B after", "2B of the arm, in the same trials."),
            "removed": _REMOVED,
            "spoiled": columns.share("right→wrong", "Answers that the arm has wrong, of those right without it."),
            "spoiled_of_all": columns.share("right→wrong of all", "The same, of all answers."),
            "stated_anew": columns.share(
                "stated wrongly anew",
                "Answers that write a value which they do not give for what it is, and the unguarded one not wrongly.",
            ),
            "acted": columns.share("acted", "Answers in which a slot was acted upon."),
        },
    ),
    Table(
        id="applications_slots",
        title="Slots of the unguarded answers: found, resolved, resolved rightly",
        columns={
            "written": columns.count("values", "Values in an answer."),
            "covered": columns.share("covered", "Values that have a slot, of all that are written."),
            "found": columns.share("found", "Answers whose first value has a slot, of those that write a value."),
            "resolved": columns.share("resolved", "Those of them in which that slot has a target."),
            "resolved_right": columns.share(
                "resolved rightly", "Those of them in which the target is the right answer."
            ),
        },
    ),
    Table(
        id="applications_extraction",
        title="Bindings extracted from the prompts, beside the facts they were written from",
        columns={
            "recall": columns.share("recall", "Facts that a binding states: place, value, attribute and owner."),
            "precision": columns.share("precision", "Bindings that state a fact."),
            "facts": columns.count("facts", "Facts in a prompt."),
            "bindings": columns.count("bindings", "Bindings extracted from a prompt."),
            "prompt_tokens": columns.tokens("prompt", "Tokens of a prompt."),
            "distance": columns.tokens("distance", "Tokens behind the value that is asked for, in the prompt."),
        },
    ),
    Table(
        id="applications_twins",
        title="The same prompts without what is asked for: is a value pushed in?",
        columns={
            "wrote_before": columns.share("value before", "Unguarded answers that write a value of the prompt."),
            "wrote": columns.share("value", "Answers of the arm that do."),
            "inserted": columns.share(
                "inserted", "Answers that write a value of the prompt which the unguarded answer does not write."
            ),
            "inserted_wrong": columns.share(
                "inserted wrongly",
                "Answers that write a value which they do not give for what it is, and the unguarded one not wrongly.",
            ),
            "inserted_anew": columns.share("wrongly, anew", "Those of them where the unguarded answer writes none."),
            "changed": columns.share("changed", "Answers that differ from the unguarded one."),
            "abstained": columns.share("abstained", "Answers in which the guard abstained."),
        },
    ),
    Table(
        id="applications_cost",
        title="What free answers cost under the guard, twins included",
        columns={
            "tokens": columns.tokens("answer", "Tokens of an answer."),
            "extra_forwards": columns.count("forwards", "Forward passes besides one for each token of the answer."),
            "extra_tokens": columns.tokens("read", "Tokens that the model read besides prompt and answer."),
            "seconds_ratio_median": columns.ratio(
                "time", "Time for prompt and answer over that of the unguarded model; median over trials."
            ),
        },
    ),
    Table(
        id="applications_renamings",
        title="The same wording and positions with other names and values",
        columns={
            "accuracy": columns.share("accuracy", "Answers whose first value is the right one, in any form."),
            "answers_2b": columns.share("2B", "Answers whose first value is another one."),
            "removed": _REMOVED,
        },
    ),
)
