"""What the synthetic study assumes: units, specialists, waits and shares. Nothing here is measured; see the sample's README."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

__all__ = [
    "AFTER_WINDOW",
    "BEFORE_WINDOW",
    "BREAK_DATE",
    "BUP",
    "BVC",
    "CHAIN",
    "HABILITATION",
    "MEDICINE",
    "OBSERVED_UNTIL",
    "ORDINARY_PACE",
    "PRESCHOOL",
    "PSYCHOLOGY",
    "REHABILITATION",
    "SITES",
    "SPECIALIST_BVC",
    "SPEECH",
    "STATUS_ACTIVITY",
    "SYNTHETIC",
    "TEAM",
    "TEAM_PACE",
    "Specialist",
    "Unit",
]

SYNTHETIC = "syntetiska data"
SITES = (("Mark", 0.76), ("Svenljunga", 0.24))
BREAK_DATE = date(2018, 1, 1)
OBSERVED_UNTIL = date(2020, 12, 31)
# First and last day of detection. They end before Christmas, so that no closed day moves a child into the other cohort.
BEFORE_WINDOW = (date(2014, 1, 8), date(2017, 12, 20))
AFTER_WINDOW = (date(2018, 1, 8), date(2020, 12, 18))

# The two calibrated figures: every wait of the route is multiplied by its pace. They were set once, with seed 0 and the default
# numbers of children, so that the Kaplan-Meier medians read as the published headline. No single event was moved to get there.
# With thousands of children the same paces give about 740 and 270 days: chance moves a cohort of 90 by weeks.
ORDINARY_PACE = 0.735
TEAM_PACE = 0.9


@dataclass(frozen=True)
class Unit:
    """A unit of care; `{site}` in a name or place stands for the child's municipality."""

    name: str
    organisation: str
    level: str
    place: str


BVC = Unit("BVC {site}", "region", "general", "Vårdcentralen {site}")
PRESCHOOL = Unit("Förskola {site}", "kommun", "general", "Förskolan {site}")
SPEECH = Unit("Logopedmottagningen", "region", "first", "Logopedmottagningen")
PSYCHOLOGY = Unit("Psykologmottagningen", "region", "first", "Psykologmottagningen")
MEDICINE = Unit("Barn- och ungdomsmedicin", "region", "specialist", "Barnmottagningen")
BUP = Unit("BUP", "region", "specialist", "BUP-mottagningen")
HABILITATION = Unit("Habiliteringen", "region", "specialist", "Habiliteringen")
SPECIALIST_BVC = Unit("Specialist-BVC", "region", "first", "Familjecentralen {site}")
REHABILITATION = Unit("Rehabmottagningen", "region", "first", "Rehabmottagningen")
TEAM = Unit("Småbarnsteamet", "kommun och region", "first", "Familjecentralen {site}")


@dataclass(frozen=True)
class Specialist:
    """A step of the ordinary chain: who assesses, how long the queue is (median days), how many visits, which share of children."""

    unit: Unit
    activity: str
    profession: str
    queue_days: float
    visits: tuple[int, int]
    share: float


CHAIN = (
    Specialist(SPEECH, "Besök logoped", "logoped", 105, (1, 3), 0.88),
    Specialist(PSYCHOLOGY, "Bedömning psykolog", "psykolog", 115, (1, 3), 0.90),
    Specialist(MEDICINE, "Läkarbesök", "läkare", 95, (1, 2), 0.90),
    Specialist(BUP, "Bedömning BUP", "psykolog", 120, (1, 3), 0.45),
    Specialist(HABILITATION, "Bedömning habilitering", "specialpedagog", 100, (1, 3), 0.60),
)

STATUS_ACTIVITY = MappingProxyType(
    {
        "sent": "Remiss skickad",
        "received": "Remiss mottagen",
        "accepted": "Remiss accepterad",
        "returned": "Remiss returnerad",
        "refused": "Remiss avslagen",
        "forwarded": "Remiss vidareskickad",
        "closed": "Remiss avslutad",
    }
)
