"""A log and a pathway make one row a case: status, lead time, and the flow table that adds up."""

from leadtime.cases.result import LeadTimes
from leadtime.cases.times import lead_times

__all__ = ["LeadTimes", "lead_times"]
