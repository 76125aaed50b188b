"""Working time: slots of the week on a local clock, without holidays, and how much of it lies between two moments."""

from __future__ import annotations

from leadtime.calendars.calendar import Calendar
from leadtime.calendars.working import working_days, working_hours

__all__ = ["Calendar", "working_days", "working_hours"]
