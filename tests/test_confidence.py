"""Scores become probabilities: the curves are monotone, stay between 0 and 1, and are each other's inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winsextract.confidence import EDGE, KINDS, calibrated, logit, logits, shifted

SHARES = st.floats(0, 1)
CURVES = {"person": (0.5, -0.2), "law": (1.0, 0.0)}


@pytest.mark.parametrize(("p", "value"), [(0.5, 0.0), (0.9, 2.1972), (0.1, -2.1972), (0.0, -9.2102), (1.0, 9.2102)])
def test_logit(p: float, value: float) -> None:
    assert logit(p) == pytest.approx(value, abs=1e-4)


@given(st.lists(SHARES, max_size=20))
def test_logits_are_the_logit_of_each(shares: list[float]) -> None:
    assert logits(np.array(shares)) == pytest.approx([logit(p) for p in shares])


@given(SHARES)
def test_a_kind_without_a_curve_keeps_its_score(p: float) -> None:
    assert calibrated(p, "date", CURVES) == p
    assert calibrated(p, "person", {}) == p


@given(SHARES)
def test_slope_one_changes_nothing_but_the_edges(p: float) -> None:
    assert calibrated(p, "law", CURVES) == pytest.approx(min(max(p, EDGE), 1 - EDGE))


@given(SHARES, SHARES)
def test_a_higher_score_is_never_less_likely_right(p: float, q: float) -> None:
    low, high = sorted((p, q))
    assert 0 < calibrated(low, "person", CURVES) <= calibrated(high, "person", CURVES) < 1


def test_a_score_that_was_too_sure_becomes_less_sure() -> None:
    assert calibrated(0.99, "person", CURVES) == pytest.approx(0.891, abs=1e-3)


@given(SHARES, st.floats(-20, 20))
def test_shifted_up_is_likelier(p: float, by: float) -> None:
    moved = shifted(p, by)
    assert 0 <= moved <= 1
    assert (moved >= shifted(p, 0.0)) == (by >= 0) or by == pytest.approx(0, abs=1e-9)
    if abs(by) < 5:
        assert shifted(moved, -by) == pytest.approx(min(max(p, EDGE), 1 - EDGE), abs=1e-2)


def test_kinds_are_told_apart() -> None:
    assert len({*KINDS}) == len(KINDS)
    assert {"person", "role", "organisation", "law", "date", "outcome", "event_date", "affected"} <= {*KINDS}
