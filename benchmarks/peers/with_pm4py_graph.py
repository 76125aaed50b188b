"""The part of workload W that pm4py's performance graph gives: `python with_pm4py_graph.py LOG [FOLDER]`.

Its own case durations fail on a log with starts and ends (2.7), so they are taken from its frame.
"""

import sys
from pathlib import Path

import pandas as pd
import pm4py


def read(path: str) -> pd.DataFrame:
    """Reads the log as pm4py wants it; its hand-overs fail where a unit is missing, so that is a text of its own."""
    events = pd.read_parquet(path).rename(columns={"start": "start_timestamp", "unit": "org:resource"})
    events["ended"] = events["end"].fillna(events["start_timestamp"])
    events["org:resource"] = events["org:resource"].fillna("")
    return pm4py.format_dataframe(
        events, case_id="case_id", activity_key="activity", timestamp_key="ended", start_timestamp_key="start_timestamp"
    )


def steps(log: pd.DataFrame) -> pd.DataFrame:
    """Times between activities: in seconds and from the end before, hence under names of their own."""
    graph, _, _ = pm4py.discover_performance_dfg(log)
    rows = [
        {"source": source, "target": target, **{f"{name}_s": value for name, value in found.items()}}
        for (source, target), found in graph.items()
    ]
    return pd.DataFrame(rows)


def lead_times(log: pd.DataFrame) -> pd.DataFrame:
    """Case durations from its frame."""
    cases = log.groupby("case:concept:name")
    lead = (cases["time:timestamp"].max() - cases["start_timestamp"].min()) / pd.Timedelta(days=1)
    return lead.rename("lead_time_days").rename_axis("case_id").reset_index()


def written(answers: dict[str, pd.DataFrame]) -> None:
    """Tells the size of each answer, and writes it where a folder was asked for."""
    for name, frame in answers.items():
        print(name, len(frame))
        if len(sys.argv) > 2:
            frame.to_parquet(Path(sys.argv[2]) / f"{name}.parquet")


if __name__ == "__main__":
    log = read(sys.argv[1])
    written({"transitions": steps(log), "lead_times": lead_times(log)})
