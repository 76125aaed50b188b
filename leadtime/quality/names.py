"""What the names show: activities and units spelled nearly alike, with a proposal of which to keep; rare and unknown activities."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import narwhals as nw

from leadtime.log import EventLog
from leadtime.quality.by_case import case_count
from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import Scope

__all__ = ["alike", "nearly_alike", "of_names", "proposed_names"]

_NAMED = ("activity", "unit", "organisation", "place", "profession")
_MOST_NAMES = 5_000  # more distinct values than this are no names, and aren't compared
_LISTED = 5
_SHORT_WORD, _LONG_WORD = 4, 8  # a slip in a shorter word makes another word; two slips only in longer ones

# An activity is rare in at most so many cases, which are no more than a hundredth of them; in a log of few cases all are.
_RARE_CASES, _RARE_SHARE, _FEW_CASES = 4, 0.01, 20
_MANY_EVENTS = 200


def of_names(scope: Scope) -> list[Sighting]:
    """Gives names spelled nearly alike by column, rare activities, and those that the pathway doesn't know."""
    counts = {role: _counts(scope.log, role) for role in _NAMED if role in scope.log.columns}
    found = []
    for role, names in counts.items():
        pairs = nearly_alike(names)
        shown = [f"'{_visible(name)}' → '{_visible(better)}'" for name, better in pairs.items()][:_LISTED]
        found += [Sighting(finding("spelled-alike", len(pairs), values={"role": role}, examples=shown))] if pairs else []
    rare = _rare(scope, counts["activity"])
    found += [Sighting(finding("rare-activities", len(rare), examples=_quoted(rare)))] if rare else []
    unknown = () if scope.route is None else scope.route.unknown_activities(counts["activity"])
    found += [Sighting(finding("unknown-activities", len(unknown), examples=_quoted(unknown)))] if unknown else []
    return found


def proposed_names(log: EventLog) -> Mapping[str, Mapping[str, str]]:
    """Gives for each column of names those that are spelled nearly as another, with that one: the commoner of the two.

    Args:
        log: the events.

    Returns:
        Role (`activity`, `unit`, `organisation`, `place`, `profession`) to name to the name proposed for it. A proposal is for a person to
        judge: 'Visit 1' and 'Visit 2' are never taken for one, but 'Referred' and 'Refereed' are.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({
    ...     "case_id": ["a", "b", "c"], "activity": ["Läkarbesök", "Läkarbesök", "läkar-besok"], "start": ["2019-03-05"] * 3}))
    >>> dict(proposed_names(log)["activity"])
    {'läkar-besok': 'Läkarbesök'}
    """
    pairs = {role: nearly_alike(_counts(log, role)) for role in _NAMED if role in log.columns}
    return MappingProxyType({role: MappingProxyType(found) for role, found in pairs.items() if found})


def nearly_alike(counts: Mapping[str, int]) -> dict[str, str]:
    """Gives each name that is spelled nearly as a commoner one, with that one.

    >>> nearly_alike({"Remiss": 5, "Remis": 1, "remiss ": 2, "Visit 1": 1, "Visit 2": 1})
    {'remiss ': 'Remiss', 'Remis': 'Remiss'}
    """
    if len(counts) > _MOST_NAMES:
        return {}
    kept: dict[object, list[str]] = defaultdict(list)  # the names to keep, by each thing that one alike must share with them
    found = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        keys = _keys(name)
        better = next((other for key in keys for other in kept[key] if alike(name, other)), None)
        if better is not None:
            found[name] = better
            continue
        for key in keys:
            kept[key].append(name)
    return found


def alike(one: str, other: str) -> bool:
    """Gives whether two names are likely one, spelled in two ways: by case, accents, hyphens, spaces, or a slip in one word.

    Digits tell names apart, and so do short words and a word's first letter: 'Remiss in' and 'Remiss ut' are two things.

    >>> alike("Små-barns Team", "smabarnsteam"), alike("Psykolog bedömning", "Psykolog bedömming"), alike("Remiss in", "Remiss ut")
    (True, True, False)
    """
    first, second = _words(one), _words(other)
    if "".join(first) == "".join(second):
        return bool(first)  # of signs alone nothing is left to compare
    apart = [(a, b) for a, b in zip(first, second, strict=False) if a != b]
    if len(first) != len(second) or len(apart) != 1:
        return False
    a, b = apart[0]
    if min(len(a), len(b)) < _SHORT_WORD or a[0] != b[0] or re.sub(r"\D", "", a) != re.sub(r"\D", "", b):
        return False
    return _slips(a, b) <= (2 if min(len(a), len(b)) >= _LONG_WORD else 1)


def _words(name: str) -> list[str]:
    """The words of a name without case, accents and signs."""
    plain = unicodedata.normalize("NFKD", name.replace("\u00ad", "").casefold())
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _keys(name: str) -> list[object]:
    """What two names that are alike share at least one of: all letters, or all words but one, of which the first letter."""
    words = _words(name)
    return ["".join(words), *((i, word[:1], *words[:i], None, *words[i + 1 :]) for i, word in enumerate(words))]


def _slips(a: str, b: str) -> int:
    """How many letters must be put in, left out, changed or swapped with their neighbour to make one word of the other."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _counts(log: EventLog, role: str) -> dict[str, int]:
    """The names of a column with how many events have them; empty where there are too many to be names."""
    groups = log.frame.group_by(role).agg(events=nw.len())
    found = log.session.collect(groups.head(_MOST_NAMES + 2)).dropna(subset=[role])
    if len(found) > _MOST_NAMES:  # else all are there, and few enough to be sorted here
        named = groups.filter(~nw.col(role).is_null())
        found = log.session.collect(named.sort("events", role, descending=[True, False]).head(_MOST_NAMES + 1))
    found = found.sort_values(["events", role], ascending=[False, True])
    return {str(name): int(events) for name, events in zip(found[role], found["events"], strict=True)}


def _rare(scope: Scope, counts: Mapping[str, int]) -> list[str]:
    """The activities that few cases have."""
    total = case_count(scope)
    few = [name for name, events in counts.items() if events <= _MANY_EVENTS]
    if total < _FEW_CASES or not few:
        return []
    of_few = scope.log.frame.filter(nw.col("activity").is_in(few)).group_by("activity").agg(nw.col("case_id").n_unique().alias("cases"))
    frame = scope.collect(of_few)
    most = min(_RARE_CASES, max(1, int(_RARE_SHARE * total)))
    return sorted(str(name) for name, cases in zip(frame["activity"], frame["cases"], strict=True) if cases <= most)


def _quoted(names: Sequence[str]) -> list[str]:
    return [f"'{_visible(name)}'" for name in names[:_LISTED]] + (["…"] if len(names) > _LISTED else [])


def _visible(name: str) -> str:
    r"""A name with the signs told that can't be seen, such as a non-breaking space: two names that differ by them look like one.

    >>> _visible("Första\u00a0besök"), _visible("Första besök")
    ('Första[U+00A0]besök', 'Första besök')
    """
    unseen = {sign for sign in name if sign != " " and unicodedata.category(sign) in ("Zs", "Cf")}
    return "".join(f"[U+{ord(sign):04X}]" if sign in unseen else sign for sign in name)
