"""Seeded synthetic samples whose answers are known because the process behind them is simulated. No real child is in them."""

from __future__ import annotations

from leadtime.datasets.files import write_sample
from leadtime.datasets.messy import BadRow
from leadtime.datasets.study import ChildFacts, CohortFacts, Known, SyntheticStudy, Wastes, mark_svenljunga

__all__ = ["BadRow", "ChildFacts", "CohortFacts", "Known", "SyntheticStudy", "Wastes", "mark_svenljunga", "write_sample"]
