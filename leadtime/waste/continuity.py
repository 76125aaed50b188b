"""How much of a case's care stays with the same units: COC, SECON, UPC and hand-overs, over visits with sets of units.

Source: DEFINITIONS 4.5.
"""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.flow import FlowTable
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.intervals import may_meet_jointly
from leadtime.waste.visits import attended, numbered

__all__ = ["continuity"]

Level = Literal["unit", "organisation"]


@checks_arguments
def continuity(log: EventLog, *, by: Level = "unit", minimum_visits: int = 2, pathway: Pathway | None = None) -> FlowTable:
    """Gives the continuity of every case: whether its visits stay with the same units, or pass between them.

    A visit has a set of units: the rows that share `meeting_id` are one joint visit, and in a log without that column the rows of kind
    team with equal start and place are. Where kinds are known a visit is an attended contact; else every event is, referrals apart.

    Args:
        log: the events.
        by: the level at which a visit stays the same, units or the organisations above them.
        minimum_visits: cases with fewer visits get no index; at least 2, below which none is defined.
        pathway: gives the kinds of activities, and the window that visits must lie in; without it all observed visits count.

    Returns:
        Columns `case_id, visits, providers, hand_overs, coc, secon, upc`, a row for every case with a visit. COC is the share of
        unordered pairs of visits with a unit in common (Bice & Boxerman: (sum n² - N) / (N(N-1)) where each visit has one), SECON
        the same share of consecutive pairs, UPC the largest share of visits that one unit attends. A hand-over is a pair of
        consecutive visits with no unit in common.

    Raises:
        InputError: the log has no such column.
        UsageError: an argument has a value that isn't allowed.

    Source:
        DEFINITIONS 4.5; Bice & Boxerman (1977), Steinwachs (1979), Breslau & Reeb (1975).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 4, "activity": ["Visit"] * 4, "unit": list("ABAB"),
    ...                                 "start": ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]}))
    >>> print(lt.continuity(log))
    case_id  visits  providers  hand_overs       coc  secon  upc
    a             4          2           3  0.333333      0  0.5
    """
    if by not in ("unit", "organisation"):
        raise UsageError(f"by={by!r} isn't allowed; use 'unit' or 'organisation'")
    if not isinstance(minimum_visits, int) or minimum_visits < 2:
        raise UsageError(f"minimum_visits={minimum_visits!r} isn't allowed; no index is defined under 2 visits")
    if by not in log.columns:
        raise InputError(f"continuity by {by} isn't computable: no column '{by}'")
    base = CaseEvents.of(log, pathway)
    seen = base.log.session.materialise(_seen(base, by))
    table = _indexed(_counts(seen, base), minimum_visits)
    return FlowTable(name="continuity", frame=table, order=("case_id",), descending=(False,), log=log)


def _seen(base: CaseEvents, by: str) -> Frame:
    """A row for every visit and provider, with the visit's number among those whose provider is known."""
    known = ~nw.col("provider").is_null()
    rows = attended(base).with_columns(provider=nw.col(by))
    keep = ("case_id", "provider", "number")
    if not may_meet_jointly(base):
        return numbered(rows.filter(known)).select(*keep)
    alone = rows.filter(nw.col("meeting").is_null(), known)
    together = rows.filter(~nw.col("meeting").is_null())
    joint = together.filter(known)
    # A row that names nobody tells when the meeting was, too.
    times = together.group_by("case_id", "meeting").agg(at=nw.col("at").min(), until=nw.col("until").max(), row=nw.col("row").min())
    held = times.join(joint.select("case_id", "meeting").unique(), on=["case_id", "meeting"], how="inner")
    columns = ("case_id", "meeting", "provider", "at", "until", "row")
    of_several = held.with_columns(provider=nw.lit(None, dtype=nw.String))
    each = base.log.session.materialise(numbered(nw.concat([alone.select(*columns), of_several.select(*columns)], how="vertical")))
    numbers = each.filter(~nw.col("meeting").is_null()).select("case_id", "meeting", "number")
    members = joint.select("case_id", "meeting", "provider").unique().join(numbers, on=["case_id", "meeting"], how="inner")
    return nw.concat([each.filter(nw.col("meeting").is_null()).select(*keep), members.select(*keep)], how="vertical")


def _counts(seen: Frame, base: CaseEvents) -> Frame:
    """A row a case: visits, providers, the pairs of visits that share one, consecutive pairs that do, the most visits of one."""
    of_provider = seen.group_by("case_id", "provider").agg(n=nw.len())
    n = nw.col("n")
    # Where each visit has one provider the pairs that share it are counted by provider, without making them.
    cases = of_provider.group_by("case_id").agg(providers=nw.len(), most=n.max(), pairs=(n * (n - 1)).sum().cast(nw.Int64))
    numbers = seen.group_by("case_id").agg(visits=nw.col("number").max(), rows=nw.len())
    following = seen.select("case_id", "provider", (nw.col("number") - 1).alias("number"))
    kept = seen.join(following, on=["case_id", "provider", "number"], how="inner").select("case_id", "number").unique()
    again = kept.group_by("case_id").agg(kept=nw.len())
    joined = cases.join(numbers, on="case_id", how="inner").join(again, on="case_id", how="left")
    if may_meet_jointly(base):
        shared = _shared_pairs(seen, numbers.filter(nw.col("rows") > nw.col("visits")))
        joined = joined.join(shared, on="case_id", how="left").with_columns(pairs=nw.coalesce("shared", "pairs"))
    return joined.with_columns(kept=nw.coalesce("kept", nw.lit(0)))


def _shared_pairs(seen: Frame, joint_cases: Frame) -> Frame:
    """Twice the number of pairs of visits with a provider in common, of the cases with joint visits: 0 where there is none."""
    rows = seen.join(joint_cases.select("case_id"), on="case_id", how="inner")
    others = rows.select("case_id", "provider", other=nw.col("number"))
    pairs = rows.join(others, on=["case_id", "provider"], how="inner").filter(nw.col("other") > nw.col("number"))
    counted = pairs.select("case_id", "number", "other").unique().group_by("case_id").agg(found=nw.len())
    found = joint_cases.select("case_id").join(counted, on="case_id", how="left")
    return found.select("case_id", shared=nw.coalesce("found", nw.lit(0)) * 2)


def _indexed(counts: Frame, minimum_visits: int) -> Frame:
    visits = nw.col("visits")
    enough = visits >= minimum_visits
    number = visits.cast(nw.Float64)

    def share(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
        return nw.when(enough).then(part.cast(nw.Float64) / whole)

    # A case with one visit has no pair; the divisor must not be 0 even where its result is left out.
    pairs = nw.max_horizontal(number * (number - 1), nw.lit(1.0))
    return counts.select(
        "case_id",
        visits.cast(nw.Int64),
        nw.col("providers").cast(nw.Int64),
        hand_overs=(visits - 1 - nw.col("kept")).cast(nw.Int64),
        coc=share(nw.col("pairs"), pairs),
        secon=share(nw.col("kept"), nw.max_horizontal(number - 1, nw.lit(1.0))),
        upc=share(nw.col("most"), number),
    )
