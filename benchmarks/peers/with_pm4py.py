"""What pm4py has nearest to workload W, its performance graph: `python with_pm4py.py LOG [FOLDER]`.

Its own case durations fail on a log with starts and ends (2.7), so they are taken from its frame.
"""

import sys

import pandas as pd
import pm4py

events = pd.read_parquet(sys.argv[1]).rename(columns={"start": "start_timestamp"})
events["ended"] = events["end"].fillna(events["start_timestamp"])
log = pm4py.format_dataframe(
    events, case_id="case_id", activity_key="activity", timestamp_key="ended", start_timestamp_key="start_timestamp"
)
graph, _, _ = pm4py.discover_performance_dfg(log)
cases = log.groupby("case:concept:name")
lead = (cases["time:timestamp"].max() - cases["start_timestamp"].min()) / pd.Timedelta(days=1)
print(len(graph), len(lead))
if len(sys.argv) > 2:
    lead.rename("lead_time_days").rename_axis("case_id").reset_index().to_parquet(f"{sys.argv[2]}/lead_times.parquet")
    # In seconds and from the end before, hence under names of their own.
    steps = [
        {"source": source, "target": target, **{f"{name}_s": value for name, value in found.items()}}
        for (source, target), found in graph.items()
    ]
    pd.DataFrame(steps).to_parquet(f"{sys.argv[2]}/transitions.parquet")
