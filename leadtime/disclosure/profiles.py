"""The rules of publishing, as frozen values.

Source: DEFINITIONS 5.1-5.3; NHS England's rule for hospital episodes (1 to 7 hidden, the rest rounded to the nearest 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from leadtime.errors import UsageError, did_you_mean

__all__ = ["PROFILES", "Profile", "ProfileName", "profile_named"]

ProfileName = Literal["internal", "se-5", "nhs-7-round5"]


@dataclass(frozen=True)
class Profile:
    """What may be shown: counts from 1 to `threshold` - 1 are hidden, other counts are rounded to a multiple of `rounding`.

    A median needs `median_stops` observed stops and a 90th percentile `p90_stops`. With `month_ends`, curves are given at month ends
    only, each interval with no or at least `threshold` stops and no or as many exits and censorings.
    """

    name: str
    threshold: int
    rounding: int
    median_stops: int
    p90_stops: int
    month_ends: bool

    def hides(self, count: int) -> bool:
        """Whether a count of children is too small to show.

        >>> [profile_named("se-5").hides(count) for count in (0, 1, 4, 5)]
        [False, True, True, False]
        """
        return 0 < count < self.threshold

    def shown(self, count: int) -> int:
        """Gives a count as it may be shown: as it is, or rounded (halves up).

        >>> profile_named("nhs-7-round5").shown(13), profile_named("se-5").shown(13)
        (15, 13)
        """
        return count if self.rounding == 1 else (2 * count + self.rounding) // (2 * self.rounding) * self.rounding

    def rounded_from(self, count: int) -> tuple[int, int]:
        """Gives the least and the greatest count that would be shown as this one is.

        >>> profile_named("nhs-7-round5").rounded_from(13), profile_named("se-5").rounded_from(13)
        ((13, 17), (13, 13))
        """
        if not count or self.rounding == 1:
            return count, count
        shown = self.shown(count)
        return max(self.threshold, shown - self.rounding // 2), shown + (self.rounding - 1) // 2


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "internal": Profile("internal", threshold=1, rounding=1, median_stops=1, p90_stops=1, month_ends=False),
        "se-5": Profile("se-5", threshold=5, rounding=1, median_stops=5, p90_stops=10, month_ends=True),
        "nhs-7-round5": Profile("nhs-7-round5", threshold=8, rounding=5, median_stops=8, p90_stops=10, month_ends=True),
    }
)


def profile_named(profile: str | Profile) -> Profile:
    """Gives a profile by its name; a profile of one's own passes through.

    Raises:
        UsageError: there is no such profile.

    >>> profile_named("se-5").threshold
    5
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise UsageError(f"profile={profile!r} isn't allowed{did_you_mean(str(profile), PROFILES)}")
    return PROFILES[profile]
