"""Small-cell suppression on linked result tables, with an audit that nothing hidden can be computed from what is shown."""

from leadtime.disclosure.curves import CurvePoint, ShownCurve, month_ends, shown_curve
from leadtime.disclosure.disclosing import HIDDEN, MISSING, Disclosed, disclose
from leadtime.disclosure.profiles import PROFILES, Profile, profile_named
from leadtime.disclosure.releases import Release, Told, release_of, told_together
from leadtime.disclosure.sums import Cell, Sum, count_columns, sums_within

__all__ = [
    "HIDDEN", "MISSING", "PROFILES", "Cell", "CurvePoint", "Disclosed", "Profile", "Release", "ShownCurve", "Sum", "Told",
    "count_columns", "disclose", "month_ends", "profile_named", "release_of", "shown_curve", "sums_within", "told_together",
]  # fmt: skip
