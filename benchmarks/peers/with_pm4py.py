"""What pm4py has nearest to all of workload W: `python with_pm4py.py LOG [FOLDER]`.

Times and counts of steps, times of cases, activities that are repeated, and hand-overs between units; a summary by cohort it hasn't.
"""

import sys

import pandas as pd
import pm4py
from with_pm4py_graph import read, steps, written

DAY_S = 86_400


def counted_steps(log: pd.DataFrame) -> pd.DataFrame:
    """Times between activities, and how often each step was taken, which is a function of its own."""
    counts, _, _ = pm4py.discover_dfg(log)
    n = pd.Series(counts, name="n").rename_axis(["source", "target"]).reset_index()
    return steps(log).merge(n, on=["source", "target"])


def case_times(log: pd.DataFrame) -> pd.DataFrame:
    """Sojourn, service and waiting of each case, in seconds."""
    times = pm4py.insert_case_service_waiting_time(log, start_timestamp_key="start_timestamp")
    return times.groupby("case:concept:name")[["@@sojourn_time", "@@service_time", "@@waiting_time"]].first()


def case_profile(times: pd.DataFrame) -> pd.DataFrame:
    """Its service time counts what overlaps twice, hence the names of their own."""
    profile = times[["@@service_time", "@@waiting_time"]].set_axis(["service_s", "not_service_s"], axis=1)
    return profile.rename_axis("case_id").reset_index()


if __name__ == "__main__":
    log = read(sys.argv[1])
    times = case_times(log)
    rework = pm4py.get_rework_cases_per_activity(log)
    hand_overs = pm4py.discover_handover_of_work_network(log).connections
    written(
        {
            "lead_times": (times["@@sojourn_time"] / DAY_S).rename("lead_time_days").rename_axis("case_id").reset_index(),
            "transitions": counted_steps(log),
            "case_profile": case_profile(times),
            "rework": pd.Series(rework, name="rework_cases").rename_axis("activity").reset_index(),
            "hand_overs": pd.Series(hand_overs, name="share").rename_axis(["source", "target"]).reset_index(),
        }
    )
