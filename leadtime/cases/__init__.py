"""A log and a pathway make one row a case: status, lead time, and the flow table that adds up."""

from leadtime.cases.clocktime import ClockTimes, clock_time
from leadtime.cases.result import LeadTimes
from leadtime.cases.store import LogStore, open_store
from leadtime.cases.times import lead_times
from leadtime.cases.working import WorkingTimes, working_time

__all__ = ["ClockTimes", "LeadTimes", "LogStore", "WorkingTimes", "clock_time", "lead_times", "open_store", "working_time"]
