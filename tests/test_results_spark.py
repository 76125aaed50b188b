"""What is made of a log or of lead times, beyond the measures: the same on Spark as on DuckDB, and no public function is left out."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

on_spark = [pytest.mark.program("java"), pytest.mark.program("pyspark")]
PATHWAY = lt.read_pathway(
    {
        "name": "t", "start": "s", "stop": ["e"], "exits": {"gone": {"activities": ["Flyttat"]}},
        "milestones": {"s": {"activities": ["Upptäckt"]}, "m": {"activities": ["Möte"]}, "e": {"activities": ["Insats"]}},
        "activities": {"Möte": {"kind": "assessment", "value_adding": True}, "Upptäckt": {"kind": "contact"}},
    }
)  # fmt: skip
CALENDAR = lt.calendars.Calendar("Europe/Stockholm", holidays="SE")
KEY = bytes(range(32))


def compared(times: lt.LeadTimes) -> lt.Comparison:
    return lt.compare(times, by="cohort", before="före", after="efter", draws=20)


OF_A_LOG = {
    "activities": lambda log: pd.DataFrame({"name": log.activities}),
    "work in progress": lambda log: lt.littles_law(lt.work_in_progress(log, PATHWAY, every="week")),
    "waits in working time": lambda log: lt.working_transitions(log, CALENDAR),
    "the split without a pathway": lt.time_split,
    "hand-overs of organisations": lambda log: lt.hand_over_matrix(log, by="organisation"),
    "other names": lambda log: lt.variants(lt.with_names(log, {"activity": {"Möte": "Träff"}})),
    "pseudonyms": lambda log: lt.case_profile(lt.pseudonymise(log, KEY)),
    "shifted dates": lambda log: lt.lead_times(lt.pseudonymise(log, KEY, shift_days=60, follow_up="keep"), PATHWAY),
    "disclosure": lambda log: lt.disclose([lt.variants(log)]).tables[0],
}
OF_LEAD_TIMES = {
    "flow table": lambda times: times.flow,
    "ties and conflicts": lambda times: pd.DataFrame({"found": [str(times.tied_cases), str(dict(times.conflicts))]}),
    "as text": lambda times: pd.DataFrame({"text": [str(times), times._repr_html_(), str(times.to_dict())]}),
    "cohorts": lambda times: lt.describe_cohorts(times, by="cohort"),
    "milestones": lambda times: lt.milestones_reached(times, by="cohort"),
    "starts by month": lt.monthly_start_cohorts,
    "populations": lambda times: lt.populations(times, period_start="2020-03-01", period_end="2020-09-01"),
    "steps": lambda times: lt.stepped_comparison(times, break_dates={"Mark": "2020-06-01", "Åmål": "2020-09-01", "Ö": None}, tau=90),
    "limit": lambda times: lt.within_limit(times, 40),
    "limit of the clock": lambda times: lt.within_limit(lt.clock_time(times, preset="vardgaranti")),
    "before and after": lambda times: lt.compare(times, break_date="2020-07-01", draws=20),
    "headline": lambda times: pd.DataFrame({"text": [str(compared(times).headline("sv"))]}),
    "sensitivity": lambda times: compared(times).sensitivity,
    "audit": lambda times: compared(times).audit,
}


def events() -> pd.DataFrame:
    """Cases of two cohorts at three sites, with ties, overlaps, dates not to the day, blanks, Swedish letters and the case "NA"."""
    rng = np.random.default_rng(12)
    rows: list[tuple[Any, ...]] = []
    for case in range(36):
        time = pd.Timestamp("2020-01-03") + pd.Timedelta(days=int(rng.integers(0, 300)))
        for number in range(int(rng.integers(2, 7))):
            time += pd.Timedelta(hours=int(rng.choice([0, 0, 5, 24, 400])))
            activity = "Upptäckt" if number == 0 else str(rng.choice(["Möte", "Insats", "Återbesök", "Flyttat"], p=[0.4, 0.3, 0.25, 0.05]))
            spelled = f"{time:%Y-%m}" if rng.random() < 0.05 else f"{time:%Y-%m-%d}" if rng.random() < 0.3 else f"{time:%Y-%m-%d %H:%M}"
            end = (
                f"{time + pd.Timedelta(hours=int(rng.integers(1, 60))):%Y-%m-%d %H:%M}"
                if len(spelled) > 10 and rng.random() < 0.5
                else None
            )
            unit, organisation = [("BVC Å", "Region"), ("BUP Ö", None), (None, "Kommun")][int(rng.integers(3))]
            name, cohort, site = "NA" if case == 0 else f"ärende {case}", "före" if case % 2 else "efter", ("Mark", "Åmål", "Ö")[case % 3]
            rows.append((name, activity, spelled, end, unit, organisation, cohort, site, f"p{case // 2}"))
    names = ["case_id", "activity", "start", "end", "unit", "organisation", "cohort", "site", "person_id"]
    frame = pd.DataFrame(rows, columns=names).astype("object")
    return frame.where(frame.notna(), None).assign(row=range(len(rows)))


@pytest.fixture(scope="module")
def logs(on_both: Any) -> tuple[lt.EventLog, lt.EventLog]:
    return on_both(events(), observed_until="2020-12-31", timezone="Europe/Stockholm")


def as_frame(result: Any) -> pd.DataFrame:
    return result if isinstance(result, pd.DataFrame) else result.to_pandas()


@pytest.mark.filterwarnings("ignore::leadtime.LeadtimeWarning")
@pytest.mark.parametrize("name", [pytest.param(name, marks=on_spark) for name in OF_A_LOG])
def test_what_is_made_of_a_log_is_the_same_on_spark(logs: tuple[lt.EventLog, lt.EventLog], same: Any, name: str) -> None:
    ours, theirs = (as_frame(OF_A_LOG[name](log)) for log in logs)
    assert len(ours)
    same(ours, theirs, name)


@pytest.mark.filterwarnings("ignore::leadtime.LeadtimeWarning")
@pytest.mark.parametrize("name", [pytest.param(name, marks=on_spark) for name in OF_LEAD_TIMES])
def test_what_is_made_of_lead_times_is_the_same_on_spark(logs: tuple[lt.EventLog, lt.EventLog], same: Any, name: str) -> None:
    ours, theirs = (as_frame(OF_LEAD_TIMES[name](lt.lead_times(log, PATHWAY))) for log in logs)
    assert len(ours)
    same(ours, theirs, name)


@pytest.mark.parametrize("ending", [pytest.param(ending, marks=on_spark) for ending in (".csv", ".parquet", ".xes", ".xlsx")])
def test_a_log_in_spark_is_written_as_one_of_duckdb_is(
    logs: tuple[lt.EventLog, lt.EventLog], same: Any, tmp_path: Path, ending: str
) -> None:
    read = []
    for name, log in zip(("ours", "theirs"), logs, strict=True):
        path = tmp_path / f"{name}{ending}"
        lt.write_log(log, path)
        frame = lt.read_log(path, timezone="Europe/Stockholm", observed_until="2020-12-31").to_pandas().drop(columns="row")
        columns = sorted(set(frame.columns) - {"concept:instance"})  # counts the rows as they come
        read.append(frame[columns].sort_values(columns).reset_index(drop=True))
    assert len(read[0]) > 100
    same(*read)


@pytest.mark.program("java")
@pytest.mark.program("pyspark")
@pytest.mark.filterwarnings("ignore::leadtime.LeadtimeWarning")
def test_a_report_of_a_log_in_spark_says_the_same(logs: tuple[lt.EventLog, lt.EventLog]) -> None:
    wanted = ["cohorts", "lead_times", "change", "survival", "flow", "steps", "months", "audit"]
    reports = [lt.build_report(log, PATHWAY, compared(lt.lead_times(log, PATHWAY)), sections=wanted, language="sv") for log in logs]
    assert reports[0].headlines == reports[1].headlines
    assert reports[0].key_figures == reports[1].key_figures
    assert len(reports[0].tables) > 5
    for ours, theirs in zip(*(report.tables for report in reports), strict=True):
        assert ours.to_markdown(language="sv") == theirs.to_markdown(language="sv")


@pytest.mark.program("java")
@pytest.mark.program("pyspark")
def test_a_store_tells_what_to_do_with_a_log_in_spark(logs: tuple[lt.EventLog, lt.EventLog], tmp_path: Path) -> None:
    with pytest.raises(lt.UsageError, match="write the Spark log as Parquet"):
        lt.open_store(tmp_path / "store").add(logs[1])


def test_every_public_function_of_a_log_is_tried_on_spark(root: Path) -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "tests").glob("*spark*.py")))
    tried = set(re.findall(r"\blt\.([a-z_]+)", texts))
    public = {name: getattr(lt, name) for name in lt.__all__ if inspect.isfunction(getattr(lt, name))}
    given = {name: next(iter(inspect.signature(function).parameters), "") for name, function in public.items()}
    wanted = {name for name, first in given.items() if first in ("log", "logs", "times", "work", "source")} - NO_EVENTS
    assert len(wanted) > 35
    assert wanted <= tried, wanted - tried


NO_EVENTS = {"read_pathway", "read_printed_table"}  # their sources are files of other kinds
