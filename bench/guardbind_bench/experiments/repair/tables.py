"""The table of the experiment `repair`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]

TABLES = (
    Table(
        id="repair",
        title="What the guard repairs, what it spoils and what it costs, beside other remedies",
        columns={
            "accuracy": columns.share("accuracy", "Answers that start with the target's value."),
            "delta": columns.share("change", "Accuracy less that of the unguarded model, on the same trials."),
            **columns.FLIPS,
            **columns.STAGES,
            "reduction_2b": columns.share(
                "2B removed", "Share of the unguarded model's 2B rate that is gone; negative where there is more."
            ),
            "acted": columns.share("acted", "Answers that the guard changed or confirmed anew."),
            "acted_on_right": columns.share(
                "acted on right",
                "The same among the answers that the unguarded model has right: false alarms that acted.",
            ),
            "unresolved": columns.share(
                "unresolved", "Slots that the guard did not judge, or where it abstained, of all trials."
            ),
            "extra_forwards": columns.count("forwards", "Forward passes besides the model's own, per answer."),
            "tokens_inserted": columns.tokens("inserted", "Tokens by which prompt and answer got longer."),
            "extra_tokens": columns.tokens(
                "read", "Tokens that the model read besides those of the unguarded answer, insertions included."
            ),
            "seconds_ratio_median": columns.ratio(
                "time", "Time for prompt and answer over that of the unguarded model; median over trials."
            ),
        },
        figure="bars",
    ),
)
