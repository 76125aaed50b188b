"""How the time divides, and what of it is waste.

Source: DEFINITIONS 4.1-4.3 (the exclusive split), 4.5 (visits and continuity), 4.7 (the waste ledger).
"""

from leadtime.waste.continuity import continuity
from leadtime.waste.declarations import MEASURES, Measure
from leadtime.waste.ledger import WasteLedger, waste
from leadtime.waste.split import TimeSplit, time_split

__all__ = ["MEASURES", "Measure", "TimeSplit", "WasteLedger", "continuity", "time_split", "waste"]
