"""Shares, rates and ordered answers with honest intervals: counts in, frozen results out.

The room knows nothing of logs, engines or charts. Changes are of the second group against the first.
"""

from __future__ import annotations

from leadtime.counts.ordered import OrdinalShift, ordinal_shift
from leadtime.counts.rates import RateRatio, rate, rate_ratio
from leadtime.counts.shares import share, share_difference

__all__ = ["OrdinalShift", "RateRatio", "ordinal_shift", "rate", "rate_ratio", "share", "share_difference"]
