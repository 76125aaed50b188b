# ruff: noqa: S608, E501 - the SQL is the script's own text
"""Workload W as SQL written by hand for this one log, the floor: `python with_duckdb.py LOG [FOLDER]`.

It knows its columns and types and checks little; it writes the windowed table once and reads all but the case attribute from it.
"""

import sys

import duckdb

DAY = "86400000000.0"
connection = duckdb.connect()
connection.execute(
    """
    CREATE TEMP TABLE steps AS
    WITH events AS (
        SELECT case_id, activity, unit, cohort, epoch_us(start) AS began, epoch_us(coalesce("end", start)) AS ended, file_row_number AS row
        FROM read_parquet(?, file_row_number = true)
        WHERE case_id IS NOT NULL AND activity IS NOT NULL AND start IS NOT NULL AND ("end" IS NULL OR "end" >= start)
    )
    SELECT case_id, activity, unit, cohort, began, ended, lag(activity) OVER w AS source,
        greatest(began - max(ended) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS waiting,
        lag(unit IGNORE NULLS) OVER w AS passed_from
    FROM events WINDOW w AS (PARTITION BY case_id ORDER BY began, ended, row)
    """,
    [sys.argv[1]],
)
connection.execute(
    """
    CREATE TEMP TABLE cases AS
    SELECT case_id, min(began) AS began, max(ended) AS ended, min(cohort) AS cohort, count(*) AS events,
        count(DISTINCT activity) AS activities, nullif(count(DISTINCT unit), 0) AS units,
        CASE WHEN count(unit) > 0 THEN count(*) FILTER (unit <> passed_from) END AS hand_overs,
        coalesce(sum(waiting), 0) AS waiting
    FROM steps GROUP BY case_id
    """
)
answers = {
    "lead_times": f"""
        SELECT case_id, make_timestamp(began) AS started, make_timestamp(ended) AS stopped, 'stopped' AS status,
            (ended - began) / {DAY} AS lead_time_days, date_diff('day', make_timestamp(began), make_timestamp(ended)) AS calendar_days, cohort
        FROM cases ORDER BY case_id""",
    "transitions": f"""
        SELECT source, activity AS target, count(*) AS n, count(DISTINCT case_id) AS cases, avg(waiting) / {DAY} AS mean_days,
            quantile_cont(waiting, 0.5) / {DAY} AS median_days, quantile_cont(waiting, 0.9) / {DAY} AS p90_days,
            sum(waiting) / {DAY} AS total_days, sum(waiting) / sum(sum(waiting)) OVER () AS share
        FROM steps WHERE waiting IS NOT NULL AND source IS NOT NULL GROUP BY source, activity ORDER BY n DESC, source, target""",
    "case_profile": f"""
        SELECT case_id, events, hand_overs, units, events - activities AS repeats, waiting / {DAY} AS waiting_days,
            (ended - began - waiting) / {DAY} AS busy_days,
            CASE WHEN ended > began THEN (ended - began - waiting) / (ended - began)::DOUBLE END AS flow_efficiency
        FROM cases ORDER BY case_id""",
    "cohort_summary": f"""
        SELECT cohort, count(*) AS n, count(*) AS observed, 0 AS open, 0 AS left, quantile_cont(ended - began, 0.5) / {DAY} AS median_days,
            avg(ended - began) / {DAY} AS mean_days, quantile_cont(ended - began, 0.9) / {DAY} AS p90_days
        FROM cases GROUP BY cohort ORDER BY cohort""",
}
frames = {name: connection.sql(query).df() for name, query in answers.items()}
for name, frame in frames.items():
    print(name, len(frame))
    if len(sys.argv) > 2:
        frame.to_parquet(f"{sys.argv[2]}/{name}.parquet")
