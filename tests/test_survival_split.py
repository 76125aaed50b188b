"""Cases that straddle a date, split at it: delayed entry gives R's log-rank test of before against after."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from leadtime import survival

FOLDER = Path(__file__).parent / "reference" / "r"


def test_the_log_rank_test_of_split_cases_is_that_of_r() -> None:
    with (FOLDER / "pilot_synthetic_split.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    start, stop = (np.array([float(row[name]) for row in rows]) for name in ("start", "stop"))
    result = survival.log_rank(stop, [int(row["event"]) for row in rows], [row["p"] for row in rows], entry=start)
    wanted = json.loads((FOLDER / "pilot_synthetic.json").read_text(encoding="utf-8"))["split_at_intervention_logrank"]
    assert (result.statistic, result.df, result.p_value) == (
        pytest.approx(wanted["chisq"], rel=1e-8),
        wanted["df"],
        pytest.approx(wanted["p"], rel=1e-8),
    )
