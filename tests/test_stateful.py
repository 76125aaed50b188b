"""Rows come one after the other, in any order; reading, lead times, comparison and report always agree with a model of a few lines.

The model knows each case's cohort, its first detection and its first diagnosis, and how many rows have no date.
"""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from statistics import median

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import leadtime as lt
from leadtime.compare.result import CohortEstimate

FIRST = datetime.date(2019, 1, 1)
UNTIL = datetime.date(2020, 12, 31)
PATHWAY = lt.read_pathway(
    {
        "name": "Stateful",
        "start": "detection",
        "stop": ["diagnosis"],
        "milestones": {"detection": {"activities": ["Upptäckt"]}, "diagnosis": {"activities": ["Diagnos"]}},
    }
)
DAYS = st.integers(0, 400)
COHORTS = st.sampled_from(["before", "after"])


class Study(RuleBasedStateMachine):
    """A log that grows, and what must hold of it at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, str, str]] = []
        self.cohort: dict[str, str] = {}
        self.start: dict[str, int] = {}
        self.stop: dict[str, int] = {}
        self.dateless = 0

    def add(self, case: str, activity: str, day: int) -> None:
        self.rows.append((case, activity, str(FIRST + datetime.timedelta(days=day)), self.cohort[case]))

    @initialize(cases=st.lists(st.tuples(DAYS, st.none() | st.integers(0, 300)), min_size=4, max_size=12))
    def some_cases(self, cases: list[tuple[int, int | None]]) -> None:
        for number, (day, after) in enumerate(cases):
            self.case_is_detected("before" if number % 2 else "after", day)
            if after is not None:
                self.diagnose(f"Ärende-{number:04d}", after)

    def diagnose(self, case: str, after: int) -> None:
        day = self.start[case] + after
        self.stop[case] = min(day, self.stop.get(case, day))
        self.add(case, "Diagnos", day)

    @rule(cohort=COHORTS, day=DAYS)
    def case_is_detected(self, cohort: str, day: int) -> None:
        case = f"Ärende-{len(self.cohort):04d}"
        self.cohort[case], self.start[case] = cohort, day
        self.add(case, "Upptäckt", day)

    @rule(draw=st.data(), after=st.integers(0, 300))
    def case_is_diagnosed(self, draw: st.DataObject, after: int) -> None:
        """A second diagnosis counts only where it is earlier."""
        self.diagnose(draw.draw(st.sampled_from(sorted(self.start))), after)

    @rule(draw=st.data(), later=st.integers(0, 50))
    def case_is_detected_again(self, draw: st.DataObject, later: int) -> None:
        """The first detection starts the clock."""
        case = draw.draw(st.sampled_from(sorted(self.start)))
        self.add(case, "Upptäckt", self.start[case] + later)

    @rule(draw=st.data())
    def row_has_no_date(self, draw: st.DataObject) -> None:
        case = draw.draw(st.sampled_from(sorted(self.start)))
        self.rows.append((case, "Besök", "", self.cohort[case]))
        self.dateless += 1

    @rule(draw=st.randoms(use_true_random=False))
    def rows_are_shuffled(self, draw: object) -> None:
        draw.shuffle(self.rows)  # type: ignore[attr-defined]

    def log(self) -> lt.EventLog:
        frame = pd.DataFrame(self.rows, columns=["case_id", "activity", "start", "cohort"])
        return lt.read_log(frame, observed_until=str(UNTIL))

    @rule(with_report=st.booleans())
    def all_agrees_with_the_model(self, *, with_report: bool) -> None:
        log = self.log()
        self.every_row_is_accounted_for(log)
        times = lt.lead_times(log, PATHWAY)
        self.lead_times_are_those_of_the_model(times.to_pandas().set_index("case_id"))
        if not self.stop:
            with pytest.raises(lt.NotEstimable, match="nobody has finished"):
                lt.compare(times, by="cohort", before="before", after="after")
            return
        result = lt.compare(times, by="cohort", before="before", after="after", draws=99)
        for cohort in result.cohorts:
            self.cohort_is_that_of_the_model(cohort)
        if with_report:
            self.report_reveals_nobody(lt.build_report(log, PATHWAY, result, sections=("cohorts",)))

    def every_row_is_accounted_for(self, log: lt.EventLog) -> None:
        quality = log.quality
        assert (quality.rows_read, quality.rows_rejected) == (len(self.rows), self.dateless)
        assert quality.rows_kept == len(log) == len(self.rows) - self.dateless

    def lead_times_are_those_of_the_model(self, times: pd.DataFrame) -> None:
        assert sorted(times.index) == sorted(self.start)
        stopped = times[times["observed"]]
        assert stopped["lead_time_days"].to_dict() == {case: stop - self.start[case] for case, stop in self.stop.items()}

    def cohort_is_that_of_the_model(self, cohort: CohortEstimate) -> None:
        cases = [case for case, name in self.cohort.items() if name == cohort.name]
        done = sorted(self.stop[case] - self.start[case] for case in cases if case in self.stop)
        assert (cohort.n, cohort.observed, cohort.open, cohort.left) == (len(cases), len(done), len(cases) - len(done), 0)
        if len(done) == len(cases):  # nobody waits: the curve is that of plain numbers
            assert cohort.median.value == median(done)

    def report_reveals_nobody(self, report: lt.Report) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report.to_html(Path(folder) / "report.html")
            page = (Path(folder) / "report.html").read_text(encoding="utf-8")
        assert not [case for case in self.cohort if case in page]


TestStudy = pytest.mark.slow(Study.TestCase)
TestStudy.settings = settings(max_examples=max(4, settings().max_examples // 8), stateful_step_count=8)
