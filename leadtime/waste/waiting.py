"""Waiting as families meet it: between contacts (W1), before first help (W2), after forms (W10), for a specialist (W15).

Source: DEFINITIONS 4.2, 4.4 (waiting between), 4.7.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import narwhals as nw

from leadtime.cases import lead_times
from leadtime.errors import LeadtimeWarning
from leadtime.pathway import Milestone, Pathway
from leadtime.waste.events import CaseEvents, Frame, with_kinds
from leadtime.waste.spellings import means
from leadtime.waste.split import split_of
from leadtime.waste.visits import closing_contacts, seen_by, visits

__all__ = ["before_help", "between_contacts", "forms", "unsupported", "waits"]

_HELP = "leadtime: first help"


def between_contacts(base: CaseEvents) -> Frame:
    """W1: the waiting part of the time split."""
    return split_of(base).frame.select("case_id", w1_waiting_days=nw.col("waiting_us"))


def waits(base: CaseEvents) -> Frame:
    """The waiting between consecutive contacts, to the one that stops the clock: next start - latest end so far, never below 0."""
    ends = base.windows.select("case_id", "lead_us").join(closing_contacts(base), on="case_id", how="inner")
    last = visits(base).filter(nw.col("next_at").is_null()).join(ends, on="case_id", how="inner")
    to_stop = last.with_columns(next_activity=nw.col("closing_activity"), next_at=nw.col("lead_us"))
    keep = ("case_id", "activity", "next_activity", "next_at", "reached")
    passed = nw.concat([visits(base).filter(~nw.col("next_at").is_null()).select(*keep), to_stop.select(*keep)], how="vertical")
    gap = nw.max_horizontal(nw.col("next_at") - nw.col("reached"), nw.lit(0))
    return passed.select("case_id", source=nw.col("activity"), target=nw.col("next_activity"), waiting_us=gap)


def before_help(base: CaseEvents) -> Frame:
    """W2: from the clock's start to the first attended intervention, also past the stop; open cases are followed to their end."""
    pathway = base.pathway
    log = base.log if base.times.observed_until is None else replace(base.log, observed_until=base.times.observed_until)
    if pathway is None:
        return _first_help_of_all(base)
    start = pathway.milestones[pathway.start]
    kept = {*start.activities, *(activity for part in pathway.exits.values() for activity in part.activities)}
    helps = (nw.col("kind") == "intervention") & nw.col("contact") & ~nw.col("activity").is_in(sorted(kept))
    events = with_kinds(log, pathway)
    own = [name for name in events.collect_schema().names() if name in log.columns]
    marked = events.with_columns(helps=nw.coalesce(helps, nw.lit(value=False)))
    named = marked.filter(nw.col("helps") | nw.col("activity").is_in(sorted(kept)))
    activity = nw.when(nw.col("helps")).then(nw.lit(_HELP)).otherwise(nw.col("activity"))
    renamed = named.with_columns(activity=activity).select(own)
    to_help = Pathway(
        name=pathway.name, start="start", stop=("help",), exits=pathway.exits,
        milestones={"start": start, "help": Milestone(activities=(_HELP,))},
    )  # fmt: skip
    with warnings.catch_warnings():
        # What there is to say of the start rule and of undated exits was said when the windows were made.
        warnings.simplefilter("ignore", LeadtimeWarning)
        times = lead_times(replace(log, frame=base.log.session.materialise(renamed), columns=tuple(own)), to_help)
    done = nw.col("status") == "stopped"
    rows = times.frame.filter(nw.col("status") != "excluded").select(
        "case_id", w2_first_help_days=nw.when(done).then("lead_us"), w2_followed_days=nw.col("lead_us")
    )
    return base.windows.select("case_id").join(rows, on="case_id", how="inner")


def _first_help_of_all(base: CaseEvents) -> Frame:
    """Without a pathway: from the first start to the first intervention, followed to the latest end."""
    help_at = (
        base.inside(nw.col("contact"), nw.col("kind") == "intervention").group_by("case_id").agg(w2_first_help_days=nw.col("at").min())
    )
    joined = base.windows.select("case_id", "lead_us").join(help_at, on="case_id", how="left")
    return joined.select("case_id", "w2_first_help_days", w2_followed_days=nw.coalesce("w2_first_help_days", "lead_us"))


def forms(base: CaseEvents) -> Frame:
    """W10: admin events before the first meeting with their unit, and the days from the first of them to the next contact.

    Without units, or for a form that names none, those before the first contact of the case. Feedback and steps of referrals are no forms.
    """
    of_kind = [nw.col("kind") == "admin", ~nw.col("step")]
    if base.has("feedback_to"):
        of_kind.append(nw.col("feedback_to").is_null())
    met = visits(base).group_by("case_id").agg(met_any=nw.col("at").min())
    unit = ["unit"] if base.has("unit") else []
    filled = base.inside(*of_kind).select("case_id", "at", *unit).join(met, on="case_id", how="left")
    if unit:
        units = seen_by(base).group_by("case_id", "unit").agg(met_unit=nw.col("at").min())
        filled = filled.join(units, on=["case_id", "unit"], how="left")
        first_met = nw.when(nw.col("unit").is_null()).then("met_any").otherwise("met_unit")
    else:
        first_met = nw.col("met_any")
    before = filled.with_columns(first_met=first_met).filter(nw.col("first_met").is_null() | (nw.col("at") < nw.col("first_met")))
    counted = base.log.session.materialise(before.group_by("case_id").agg(w10_forms=nw.len(), first=nw.col("at").min()))
    meetings = visits(base).select("case_id", "at").join(counted, on="case_id", how="inner").filter(nw.col("at") >= nw.col("first"))
    following = meetings.group_by("case_id").agg(meeting=nw.col("at").min())
    return counted.join(following, on="case_id", how="left").select(
        "case_id", "w10_forms", w10_form_to_meeting_days=nw.col("meeting") - nw.col("first")
    )


def unsupported(base: CaseEvents) -> Frame:
    """W15: the waiting that ends at a contact at specialist level, and its share of all waiting between contacts.

    The last wait counts as any other: it ends at the contact that stops the clock. In an unfinished case it is a wait for a specialist
    where a referral at specialist level came after, or with, the last contact.
    """
    gap = nw.max_horizontal(nw.col("next_at") - nw.col("reached"), nw.lit(0))
    between = visits(base).with_columns(gap=nw.coalesce(gap, nw.lit(0)), awaited=nw.coalesce("next_specialist", nw.lit(0)))
    cases = between.group_by("case_id").agg(
        waiting=nw.col("gap").sum().cast(nw.Int64), alone=(nw.col("gap") * nw.col("awaited")).sum().cast(nw.Int64),
        ended=nw.col("until").max(), last=nw.col("at").max(),
    )  # fmt: skip
    referred = base.inside(nw.col("step") & means("level", ("specialist",))).group_by("case_id").agg(referred=nw.col("at").max())
    joined = base.windows.join(cases, on="case_id", how="inner").join(referred, on="case_id", how="left")
    joined = joined.join(closing_contacts(base), on="case_id", how="left")
    tail = nw.max_horizontal(nw.col("lead_us") - nw.col("ended"), nw.lit(0))
    pending = (nw.col("status") == "still waiting") & (nw.col("referred") >= nw.col("last"))
    for_specialist = nw.coalesce(
        pending | (nw.col("closing_specialist") == 1), nw.col("closing_specialist") == 1, pending, nw.lit(value=False)
    )
    timed = joined.with_columns(
        waiting=nw.col("waiting") + tail, alone=nw.col("alone") + nw.when(for_specialist).then(tail).otherwise(nw.lit(0))
    )
    share = nw.when(nw.col("waiting") > 0).then(nw.col("alone").cast(nw.Float64) / nw.col("waiting"))
    return timed.select("case_id", w15_unsupported_days=nw.col("alone"), w15_waiting_days=nw.col("waiting"), w15_unsupported_share=share)
