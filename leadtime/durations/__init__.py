"""Durations and dates as text: months of 30.4375 days, written amounts, and dates as people spell them."""

from __future__ import annotations

from leadtime.durations.amounts import DAYS_PER_MONTH, Split, parse_duration, round_half_months, split_duration
from leadtime.durations.dates import DateOrder, DateReading, DateValue, read_dates, read_moment

__all__ = [
    "DAYS_PER_MONTH", "DateOrder", "DateReading", "DateValue", "Split", "parse_duration", "read_dates", "read_moment",
    "round_half_months", "split_duration",
]  # fmt: skip
