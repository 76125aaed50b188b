"""Durations and dates as text: months of 30.4375 days, written amounts, and dates as people spell them."""

from __future__ import annotations

from leadtime.durations.amounts import DAYS_PER_MONTH, Split, parse_duration, round_half_months, split_duration
from leadtime.durations.dates import DateReading, DateValue, read_dates, read_moment
from leadtime.durations.partial import DaySpan, PartialDate, parse_date
from leadtime.durations.rules import SEASONS, DateOrder, DateRules, SerialSystem

__all__ = [
    "DAYS_PER_MONTH", "SEASONS", "DateOrder", "DateReading", "DateRules", "DateValue", "DaySpan", "PartialDate", "SerialSystem", "Split",
    "parse_date", "parse_duration", "read_dates", "read_moment", "round_half_months", "split_duration",
]  # fmt: skip
