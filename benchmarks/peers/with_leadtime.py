"""Workload W through leadtime's public functions: `python with_leadtime.py LOG [FOLDER [MEMORY_LIMIT]]`; answers go to the folder."""

import sys

import leadtime as lt

log = lt.read_log(sys.argv[1], memory_limit=sys.argv[3] if len(sys.argv) > 3 else None)
times = lt.lead_times(log)
answers = {
    "lead_times": times.to_pandas(),
    "transitions": lt.transitions(log).to_pandas(),
    "case_profile": lt.case_profile(log).to_pandas(),
    "cohort_summary": lt.cohort_summary(times, by="cohort").to_pandas(),
}
for name, frame in answers.items():
    print(name, len(frame))
    if len(sys.argv) > 2:
        frame.to_parquet(f"{sys.argv[2]}/{name}.parquet")
