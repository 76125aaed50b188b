"""Workload W in plain pandas: `python with_pandas.py LOG [FOLDER]`."""

import sys

import pandas as pd

DAY = pd.Timedelta(days=1)
events = pd.read_parquet(sys.argv[1])
events["ended"] = events["end"].fillna(events["start"])
events = events[events["case_id"].notna() & events["start"].notna() & (events["ended"] >= events["start"])]
events = events.sort_values(["case_id", "start", "ended"], kind="stable")
by_case = events.groupby("case_id", sort=True)
events["source"] = by_case["activity"].shift()
reached = by_case["ended"].cummax().groupby(events["case_id"]).shift()
events["waiting"] = (events["start"] - reached).clip(lower=pd.Timedelta(0)) / DAY
placed = events[events["unit"].notna()]
changed = (placed["unit"] != placed.groupby("case_id")["unit"].shift()).groupby(placed["case_id"]).sum() - 1

cases = by_case.agg(
    started=("start", "min"), stopped=("ended", "max"), cohort=("cohort", "first"), events=("activity", "size"),
    activities=("activity", "nunique"), units=("unit", "nunique"),
)  # fmt: skip
cases["lead_time_days"] = (cases["stopped"] - cases["started"]) / DAY
cases["calendar_days"] = (cases["stopped"].dt.normalize() - cases["started"].dt.normalize()).dt.days
cases["waiting_days"] = events.groupby("case_id")["waiting"].sum()
cases["busy_days"] = cases["lead_time_days"] - cases["waiting_days"]
cases["hand_overs"] = changed.reindex(cases.index)
cases["units"] = cases["units"].where(cases["units"] > 0)
cases["repeats"] = cases["events"] - cases["activities"]
cases["flow_efficiency"] = (cases["busy_days"] / cases["lead_time_days"]).where(cases["lead_time_days"] > 0)

moves = events[events["source"].notna()].groupby(["source", "activity"])
transitions = moves.agg(n=("waiting", "size"), cases=("case_id", "nunique"), mean_days=("waiting", "mean"), total_days=("waiting", "sum"))
transitions["median_days"] = moves["waiting"].median()
transitions["p90_days"] = moves["waiting"].quantile(0.9)
transitions["share"] = transitions["total_days"] / transitions["total_days"].sum()

lead = cases.groupby("cohort")["lead_time_days"]
summary = lead.agg(n="size", observed="size", median_days="median", mean_days="mean")
summary["p90_days"] = lead.quantile(0.9)
profile = ["events", "hand_overs", "units", "repeats", "waiting_days", "busy_days", "flow_efficiency"]
answers = {
    "lead_times": cases[["started", "stopped", "lead_time_days", "calendar_days", "cohort"]].assign(status="stopped").reset_index(),
    "transitions": transitions.reset_index().rename(columns={"activity": "target"}).sort_values("n", ascending=False),
    "case_profile": cases[profile].reset_index(),
    "cohort_summary": summary.assign(open=0, left=0).reset_index(),
}
for name, frame in answers.items():
    print(name, len(frame))
    if len(sys.argv) > 2:
        frame.to_parquet(f"{sys.argv[2]}/{name}.parquet")
