"""What becomes of referrals: bounced (W5), slow to be decided (W11), left without feedback (W13), closed without action (W16).

Source: DEFINITIONS 4.6 (ping-pong), 4.7.
"""

from __future__ import annotations

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.spellings import FAMILY, RAISER, means
from leadtime.waste.visits import seen_by, visits

__all__ = ["bounces", "closed_without_action", "feedback", "handling"]

BOUNCED = ("returned", "refused", "forwarded")
DECIDED = ("accepted", "refused", "closed")
_STEPS = ("at", "until", "row")


def _steps(base: CaseEvents) -> Frame:
    """The steps of referrals in the windows, with their status and `referral`: their id, or their row where none is given."""

    def make() -> Frame:
        alone = nw.concat_str(nw.lit("row "), nw.col("row").cast(nw.String))
        named = base.completed(base.inside(nw.col("step")), "unit", "referral_id", "referral_status", "referral_to", "level")
        return named.select(
            "case_id", "at", "until", "row", "unit", "referral_to", status=nw.col("referral_status").str.to_lowercase(),
            referral=nw.coalesce("referral_id", alone), specialist=means("level", ("specialist",)).cast(nw.Int64),
            placed=~nw.col("level").is_null(),
        )  # fmt: skip

    return base.shared("referral-steps", make)


def bounces(base: CaseEvents) -> Frame:
    """W5: steps returned, refused or forwarded, and the referrals they befall; A-B-A among the units that one passes; its longest chain."""
    steps = _steps(base)
    befallen = steps.filter(nw.col("status").is_in(list(BOUNCED))).group_by("case_id").agg(
        w5_bounces=nw.len(), w5_bounced_referrals=nw.col("referral").n_unique()
    )  # fmt: skip
    chains = _chains(steps, base)
    longest = chains.group_by("case_id").agg(
        w5_longest_chain_units=nw.col("units").max(), w5_ping_pongs=nw.col("ping_pongs").sum().cast(nw.Int64)
    )
    known = (
        longest.join(befallen, on="case_id", how="full").with_columns(case_id=nw.coalesce("case_id", "case_id_right")).drop("case_id_right")
    )
    return (
        known.join(_returns(base), on="case_id", how="full")
        .with_columns(case_id=nw.coalesce("case_id", "case_id_right"))
        .drop("case_id_right")
    )


def _chains(steps: Frame, base: CaseEvents) -> Frame:
    """A row a referral: how many units it passes in turn, and how often it comes back to the one before (A-B-A).

    A step names the unit that takes it and the unit that it is sent to; a unit named again at once is the same link.
    """
    named = [
        steps.select("case_id", "referral", *_STEPS, side=nw.lit(side), link=nw.col(name))
        for side, name in enumerate(("unit", "referral_to"))
        if base.has(name)
    ]
    order = (*_STEPS, "side")
    links = nw.concat(named, how="vertical").filter(~nw.col("link").is_null())
    before = links.with_columns(before=nw.col("link").shift(1).over("case_id", "referral", order_by=order))
    passed = base.log.session.materialise(before.filter(nw.col("before").is_null() | (nw.col("before") != nw.col("link"))))
    two_before = passed.with_columns(earlier=nw.col("link").shift(2).over("case_id", "referral", order_by=order))
    back = nw.coalesce(nw.col("earlier") == nw.col("link"), nw.lit(value=False)).cast(nw.Int64)
    return two_before.with_columns(back=back).group_by("case_id", "referral").agg(units=nw.len(), ping_pongs=nw.col("back").sum())


def _returns(base: CaseEvents) -> Frame:
    """Visits to a unit that was left for others, with no intervention in between; empty where units or interventions aren't known."""
    if not base.has("unit") or ("intervention" not in base.kinds and not base.has("kind")):
        return visits(base).select("case_id").unique().with_columns(w5_returns_without_help=nw.lit(None, dtype=nw.Int64))
    in_order = {f"last_{name}": nw.col(name).shift(1).over("case_id", "unit", order_by="number") for name in ("number", "helped")}
    again = seen_by(base).with_columns(**in_order)
    helped_between = nw.col("helped_before") - nw.col("last_helped")
    back = again.filter((nw.col("number") > nw.col("last_number") + 1) & (helped_between == 0))
    counted = back.group_by("case_id").agg(n=nw.col("number").n_unique())
    everyone = base.windows.select("case_id").join(counted, on="case_id", how="left")
    return everyone.select("case_id", w5_returns_without_help=nw.coalesce("n", nw.lit(0)))


def handling(base: CaseEvents) -> Frame:
    """W11: from the first time a referral is sent to its first decision from then on: accepted, refused or closed."""
    at, status = nw.col("at"), nw.col("status")
    steps = _steps(base).with_columns(sent=nw.when(status == "sent").then(at))
    known = steps.with_columns(sent=nw.col("sent").min().over("case_id", "referral")).filter(~nw.col("sent").is_null())
    decision = nw.when(status.is_in(list(DECIDED)), at >= nw.col("sent")).then(at - nw.col("sent"))
    sent = known.with_columns(taken=decision).group_by("case_id", "referral").agg(taken=nw.col("taken").min())
    return sent.group_by("case_id").agg(
        w11_referrals=nw.len(),
        w11_decided=nw.col("taken").count(),
        w11_handling_days=nw.col("taken").sum().cast(nw.Int64),
        w11_longest_handling_days=nw.col("taken").max(),
    ).with_columns(w11_handling_days=nw.when(nw.col("w11_decided") > 0).then("w11_handling_days"))  # fmt: skip


def feedback(base: CaseEvents, *, within_days: int) -> Frame:
    """W13: referrals and team meetings after which the family, or who raised the case, is told nothing in so many days.

    The days run from the last step. Those whose days aren't over when observation ends are left out, as nobody knows yet.
    """
    asked = _steps(base).group_by("case_id", "referral").agg(begun=nw.col("at").min(), ended=nw.col("at").max())
    teams = visits(base).filter(nw.col("team") == 1)
    meetings = teams.select(
        "case_id",
        nw.concat_str(nw.lit("visit "), nw.col("number").cast(nw.String)).alias("referral"),
        begun=nw.col("at"),
        ended=nw.col("at"),
    )
    columns = ("case_id", "referral", "begun", "ended")
    both = nw.concat([asked.select(*columns), meetings.select(*columns)], how="vertical").join(
        base.windows.select("case_id", "seen_us"), on="case_id", how="inner"
    )
    due = nw.col("ended") + within_days * DAY_US
    items = base.log.session.materialise(both.with_columns(due=due).filter(nw.col("due") <= nw.col("seen_us")))
    told = base.events.filter(~nw.col("feedback_to").is_null(), ~nw.col("missed")).select(
        "case_id", family=means("feedback_to", FAMILY).cast(nw.Int64), raiser=means("feedback_to", RAISER).cast(nw.Int64), told=nw.col("at")
    )
    timely = items.join(told, on="case_id", how="inner").filter(nw.col("told") >= nw.col("begun"), nw.col("told") <= nw.col("due"))
    answers = timely.group_by("case_id", "referral").agg(nw.col("family").max(), nw.col("raiser").max())
    joined = items.join(answers, on=["case_id", "referral"], how="left")
    silent = {name: (1 - nw.coalesce(name, nw.lit(0))).sum().cast(nw.Int64) for name in ("family", "raiser")}
    return joined.group_by("case_id").agg(w13_asked=nw.len(), w13_family_not_told=silent["family"], w13_raiser_not_told=silent["raiser"])


def closed_without_action(base: CaseEvents) -> Frame:
    """W16: referrals at specialist level that were closed there and never accepted; a closing without a level is at the referral's."""
    status = nw.col("status")
    there = (nw.col("specialist") == 1) | ~nw.col("placed")
    of_each = _steps(base).group_by("case_id", "referral").agg(
        specialist=nw.col("specialist").max(),
        closed=((status == "closed") & there).cast(nw.Int64).max(),
        accepted=(status == "accepted").cast(nw.Int64).max(),
    )  # fmt: skip
    closed = nw.coalesce("closed", nw.lit(0)) * (1 - nw.coalesce("accepted", nw.lit(0)))
    special = of_each.filter(nw.col("specialist") == 1).with_columns(left=closed)
    return special.group_by("case_id").agg(w16_specialist_referrals=nw.len(), w16_closed_without_action=nw.col("left").sum().cast(nw.Int64))
