"""The table of the experiment `repair`."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["TABLES"]

TABLES = (
    Table(
        id="repair",
        title="What the guard repairs, what it spoils and what it costs, beside other remedies",
        columns={
            "accuracy": Column(title="right", unit="share", meaning="Answers that start with the target's value."),
            "delta": Column(
                title="change", unit="share", meaning="Accuracy less that of the unguarded model, on the same trials."
            ),
            "wrong_to_right": Column(
                title="repaired", unit="count", meaning="Trials that the unguarded model has wrong and the arm right."
            ),
            "right_to_wrong": Column(
                title="spoiled", unit="count", meaning="Trials that the unguarded model has right and the arm wrong."
            ),
            "mcnemar_p": Column(
                title="McNemar p", unit="p", meaning="Exact two-sided p that repairs and spoilings are equally likely."
            ),
            "rate_2a": Column(title="2A", unit="share", meaning="Answers that start with no candidate."),
            "rate_2b": Column(title="2B", unit="share", meaning="Answers that start with another candidate."),
            "reduction_2b": Column(
                title="2B removed",
                unit="share",
                meaning="Share of the unguarded model's 2B rate that is gone; negative where there is more.",
            ),
            "acted": Column(title="acted", unit="share", meaning="Answers that the guard changed or confirmed anew."),
            "acted_on_right": Column(
                title="acted on right",
                unit="share",
                meaning="The same among the answers that the unguarded model has right: false alarms that acted.",
            ),
            "unresolved": Column(
                title="unresolved",
                unit="share",
                meaning="Slots that the guard did not judge, or where it abstained, of all trials.",
            ),
            "extra_forwards": Column(
                title="forwards", unit="count", meaning="Forward passes besides the model's own, per answer."
            ),
            "tokens_inserted": Column(
                title="inserted", unit="tokens", meaning="Tokens by which prompt and answer got longer."
            ),
            "extra_tokens": Column(
                title="read",
                unit="tokens",
                meaning="Tokens that the model read besides those of the unguarded answer, insertions included.",
            ),
            "seconds_ratio": Column(
                title="time",
                unit="ratio",
                meaning="Time for prompt and answer over that of the unguarded model; median over trials.",
            ),
        },
        figure="bars",
    ),
)
