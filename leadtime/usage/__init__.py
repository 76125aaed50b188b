"""What care was used, and by whom: answers, reach, contacts, admissions, levels of care, coordinators and gaps."""

from leadtime.usage.admitted import Admissions, admissions
from leadtime.usage.answers import AnswerCounts, count_answers
from leadtime.usage.contacts import ContactCounts, contact_counts
from leadtime.usage.coordinators import CoordinatorEpisodes, coordinator_episodes
from leadtime.usage.gaps import contact_gaps
from leadtime.usage.levels import LevelPaths, level_paths
from leadtime.usage.reached import Reach, reach

__all__ = [
    "Admissions", "AnswerCounts", "ContactCounts", "CoordinatorEpisodes", "LevelPaths", "Reach", "admissions", "contact_counts",
    "contact_gaps", "coordinator_episodes", "count_answers", "level_paths", "reach",
]  # fmt: skip
