"""Computes used and available information from floats and numpy arrays; in nats unless a name says bits.

This is the reference implementation of two papers, usable without the rest: it imports neither torch nor transformers.
Section, theorem and proposition numbers refer to the draft of arXiv 2602.19239, in `edfl` and `orders` to arXiv
2509.11208. `guardbind.information.evidence` holds the bits, and `guardbind.information.budget` the budgets, that
verdicts are made of.
"""

from __future__ import annotations

from guardbind.information.divergence import bernoulli_kl, bits_to_trust, kl_divergence, nats_to_trust
from guardbind.information.edfl import EdflDecision, b2t, edfl_decision, information_budget, isr, p_max, roh
from guardbind.information.entropy import binary_entropy, entropy, nats_to_bits
from guardbind.information.fano import FanoSlack, fano_information, fano_inverse, fano_slack
from guardbind.information.intervals import Interval, clopper_pearson, divergence_interval, trust_interval, wilson
from guardbind.information.mutual_information import (
    PermutationNull,
    confusion_counts,
    miller_madow,
    mutual_information,
    permutation_null,
    plug_in_bias,
)
from guardbind.information.orders import jensen_penalty, js_certificate, martingale_violation_bound
from guardbind.information.routing import routing_efficiency, sdpi_bound, unused_information

__all__ = [
    "EdflDecision",
    "FanoSlack",
    "Interval",
    "PermutationNull",
    "b2t",
    "bernoulli_kl",
    "binary_entropy",
    "bits_to_trust",
    "clopper_pearson",
    "confusion_counts",
    "divergence_interval",
    "edfl_decision",
    "entropy",
    "fano_information",
    "fano_inverse",
    "fano_slack",
    "information_budget",
    "isr",
    "jensen_penalty",
    "js_certificate",
    "kl_divergence",
    "martingale_violation_bound",
    "miller_madow",
    "mutual_information",
    "nats_to_bits",
    "nats_to_trust",
    "p_max",
    "permutation_null",
    "plug_in_bias",
    "roh",
    "routing_efficiency",
    "sdpi_bound",
    "trust_interval",
    "unused_information",
    "wilson",
]
