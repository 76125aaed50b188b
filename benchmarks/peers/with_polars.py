# ruff: noqa: E501 - tables and prose
"""Workload W in polars, lazy: `python with_polars.py LOG [FOLDER]`."""

import sys

import polars as pl

DAY = 86_400_000_000
col = pl.col
began = col("start").dt.epoch("us")
events = (
    pl.scan_parquet(sys.argv[1])
    .with_columns(began=began, ended=pl.coalesce("end", "start").dt.epoch("us"))
    .filter(col("case_id").is_not_null() & col("began").is_not_null() & (col("ended") >= col("began")))
    .sort("case_id", "began", "ended", maintain_order=True)
    .with_columns(
        source=col("activity").shift().over("case_id"),
        before=col("ended").cum_max().shift().over("case_id"),
        passed_from=col("unit").forward_fill().shift().over("case_id"),
    )
    .with_columns(waiting=pl.max_horizontal(col("began") - col("before"), pl.lit(0)))
    .with_columns(waiting=pl.when(col("before").is_not_null()).then("waiting"))
    .collect()
)
cases = (
    events.group_by("case_id")
    .agg(
        col("began").min(), col("ended").max(), col("cohort").first(), pl.len().alias("events"), col("activity").n_unique().alias("activities"),
        col("unit").drop_nulls().n_unique().alias("units"), (col("unit") != col("passed_from")).sum().alias("hand_overs"), col("waiting").sum(),
    )
    .sort("case_id")
    .with_columns(lead=col("ended") - col("began"))
)  # fmt: skip
waiting, lead = col("waiting") / DAY, col("lead") / DAY
transitions = (
    events.filter(col("source").is_not_null())
    .group_by("source", col("activity").alias("target"))
    .agg(
        n=pl.len(), cases=col("case_id").n_unique(), mean_days=waiting.mean(), median_days=waiting.median(),
        p90_days=waiting.quantile(0.9, "linear"), total_days=waiting.sum(),
    )
    .with_columns(share=col("total_days") / col("total_days").sum())
    .sort("n", "source", "target", descending=[True, False, False])
)  # fmt: skip
moments = {"started": pl.from_epoch("began", "us"), "stopped": pl.from_epoch("ended", "us")}
answers = {
    "lead_times": cases.select(
        "case_id", **moments, status=pl.lit("stopped"), lead_time_days=lead, calendar_days=col("ended") // DAY - col("began") // DAY,
        cohort="cohort",
    ),
    "transitions": transitions,
    "case_profile": cases.select(
        "case_id", "events", hand_overs=pl.when(col("units") > 0).then("hand_overs"), units=pl.when(col("units") > 0).then("units"),
        repeats=col("events") - col("activities"), waiting_days=waiting, busy_days=lead - waiting,
        flow_efficiency=pl.when(col("lead") > 0).then((col("lead") - col("waiting")) / col("lead")),
    ),
    "cohort_summary": cases.group_by("cohort")
    .agg(
        n=pl.len(), observed=pl.len(), open=pl.lit(0), left=pl.lit(0), median_days=lead.median(), mean_days=lead.mean(),
        p90_days=lead.quantile(0.9, "linear"),
    )
    .sort("cohort"),
}  # fmt: skip
for name, answer in answers.items():
    frame = answer.to_pandas()
    print(name, len(frame))
    if len(sys.argv) > 2:
        frame.to_parquet(f"{sys.argv[2]}/{name}.parquet")
