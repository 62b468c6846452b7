"""From the network's scores to probabilities that mean what they say.

A network's own probability is too sure of itself. For each kind of value a logistic curve, fitted
on paragraphs that the network was not trained on (`pipelines/calibrate.py`), maps it to the share
of values with that score that were right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

# The kinds of values that a calibration knows, one curve each, but for roles: each has its own (`curve_of_role`).
KINDS = ("person", "role", "organisation", "law", "date", "outcome", "other_outcome", "event_date", "affected")
# Scores are kept this far from 0 and 1 before their logit is taken.
EDGE = 1e-4


def curve_of_role(role: str) -> str:
    """The name of the curve of a role: of two that are as sure, "official" is right more often than "other"."""
    return f"role: {role}"


def logit(p: float) -> float:
    p = min(max(p, EDGE), 1.0 - EDGE)
    return math.log(p / (1.0 - p))


def logits(p: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The logits of many probabilities."""
    p = np.clip(p, EDGE, 1.0 - EDGE)
    return np.asarray(np.log(p / (1.0 - p)))


def calibrated(p: float, kind: str, calibration: Mapping[str, Any]) -> float:
    """The probability that a value of `kind` with the raw score `p` is right; `p` itself where no curve is known.

    `calibration` maps a kind to the slope and the intercept of its curve over the score's logit.
    """
    if kind not in calibration:
        return p
    slope, intercept = calibration[kind]
    z = slope * logit(p) + intercept
    return 1.0 / (1.0 + math.exp(-max(z, -700.0)))  # math.exp overflows beyond 709


def shifted(p: float, by: float) -> float:
    """The probability whose logit is `by` higher than that of `p`."""
    return 1.0 / (1.0 + math.exp(-(logit(p) + by)))
