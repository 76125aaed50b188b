"""What care was used: each measure on a log that is worked out by hand, and what must hold whatever the log."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.errors import InputError, NotEstimable, UsageError


def log_of(rows, columns, **options):
    return lt.read_log(pd.DataFrame(rows, columns=columns), **{"observed_until": "2021-12-31", **options})


PLAIN = ["case_id", "activity", "start"]


def answers_log():
    rows = [
        ("a", "Meeting", "2020-01-01", "speech; family", "x"),
        ("a", "Meeting", "2020-02-01", "family", "x"),
        ("b", "Meeting", "2020-01-01", " family ;", "x"),
        ("c", "Meeting", "2020-01-01", None, "y"),
    ]
    return log_of(rows, [*PLAIN, "proposal", "site"])


def test_a_case_counts_once_an_answer_and_is_the_denominator():
    found = lt.count_answers(answers_log(), "proposal", separator=";")
    rows = [(row["answer"], row["cases"], row["mentions"], row["of"]) for row in found.table.records()]
    assert rows == [("family", 2, 3, 3), ("speech", 1, 1, 3)]
    assert found.totals.rows == (("", 3, 2, 1, 3),)


def test_answers_by_site_have_that_sites_cases_below_the_line():
    found = lt.count_answers(answers_log(), "proposal", separator=";", by="site")
    assert found.of("family", group="x") == 2
    assert found.totals.rows == (("x", 2, 2, 0, 3), ("y", 1, 0, 1, 0))


def test_declared_cases_without_events_count_as_not_reached():
    cases = pd.DataFrame({"case_id": ["a", "b", "c", "d"]})
    log = log_of([("a", "Course", "2020-01-01"), ("a", "Course", "2020-02-01"), ("b", "Call", "2020-01-01")], PLAIN, cases=cases)
    found = lt.reach(log, activities="Course")
    assert found.table.rows[0][:3] == ("", 1, 4)
    assert found.share.value == 0.25


def test_persons_are_reached_once_however_many_cases_they_have():
    log = log_of([("1", "Course", "2020-01-01", "p"), ("2", "Course", "2020-03-01", "p")], [*PLAIN, "person_id"])
    assert lt.reach(log, population=10).n == 1
    assert lt.reach(log, population=10).unit == "persons"


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"population": 1}, InputError, "2 were reached of a population of 1"),
        ({"population": {"x": 5}}, UsageError, "by which attribute"),
        ({"population": 5, "by": "site"}, UsageError, "one for each group"),
        ({"population": {"x": 5}, "by": "site"}, InputError, "names no group 'y'"),
        ({"activities": "Cours"}, InputError, "did you mean 'Course'"),
    ],
)
def test_a_reach_that_cannot_be_says_why(options, error, says):
    log = log_of([("a", "Course", "2020-01-01", "x"), ("b", "Course", "2020-01-01", "y")], [*PLAIN, "site"])
    with pytest.raises(error, match=says):
        lt.reach(log, **options)


def stays_log(rows, until="2020-12-31"):
    return log_of(rows, [*PLAIN, "end"], observed_until=until)


def test_a_stay_over_the_break_gives_each_side_its_nights_and_one_its_admission():
    log = stays_log([("a", "Ward", "2020-06-20", "2020-07-05"), ("b", "Ward", "2020-08-01", "2020-08-01")])
    result = lt.admissions(log, activities="Ward", break_date="2020-07-01", observed_from="2020-01-01")
    rows = [(row["span"], row["cases"], row["admissions"], row["bed_days"]) for row in result.table.records()]
    assert rows == [("before", 1, 1, 11), ("after", 2, 1, 4)]


def test_a_transfer_is_no_admission_and_a_stay_without_an_end_lasts():
    rows = [("a", "Ward", "2020-01-01", "2020-01-05"), ("a", "Other ward", "2020-01-05", "2020-01-09"), ("a", "Ward", "2020-12-30", None)]
    result = lt.admissions(stays_log(rows), activities=["Ward", "Other ward"], observed_from="2020-01-01")
    row = result.table.records()[0]
    assert (row["admissions"], row["bed_days"], row["still_there"]) == (2, 8 + 2, 1)
    apart = lt.admissions(stays_log(rows), activities=["Ward", "Other ward"], merge_within_days=400).table.records()[0]
    assert apart["admissions"] == 1


def test_nights_by_month_add_up_to_all_nights():
    draw = np.random.default_rng(3)
    rows = []
    for case in range(30):
        start = np.datetime64("2020-01-01") + int(draw.integers(0, 340))
        rows.append((str(case), "Ward", str(start), str(start + int(draw.integers(0, 50)))))
    log = stays_log(rows)
    months = lt.admissions(log, activities="Ward", every="month", observed_from="2020-01-01")
    whole = lt.admissions(log, activities="Ward", observed_from="2020-01-01")
    for name in ("admissions", "bed_days", "days"):
        assert sum(months.table.column(name)) == whole.table.column(name)[0]
    with pytest.raises(NotEstimable, match="break_date"):
        whole.freed()


def contacts_log():
    rows = [
        ("a", "Dose", "2020-01-10", "ward", None, "yes"),
        ("a", "Dose", "2020-03-10", "ward", "m1", "yes"),
        ("a", "Talk", "2020-03-10", "ward", "m1", "yes"),
        ("a", "Dose", "2020-08-10", "home", None, "yes"),
        ("b", "Dose", "2020-08-11", "ward", None, "no"),
        ("b", "Dose", "2020-08-12", "ward", None, "yes"),
    ]
    return log_of(rows, [*PLAIN, "place", "meeting_id", "attended"], observed_until="2020-12-31")


def test_contacts_count_a_joint_meeting_once_and_none_that_was_missed():
    found = lt.contact_counts(contacts_log(), break_date="2020-07-01", observed_from="2020-01-01")
    rows = [(row["span"], row["value"], row["contacts"], row["cases"], row["share"]) for row in found.table.records()]
    assert rows == [("before", "ward", 2, 1, 1.0), ("after", "home", 1, 1, 0.5), ("after", "ward", 1, 1, 0.5)]
    change = found.change("ward")
    assert change.ratio.value == pytest.approx((1 / 184) / (2 / 182))
    assert change.ratio.interval == "clustered"


def test_time_of_cases_is_the_days_between_their_first_and_last_event():
    found = lt.contact_counts(contacts_log(), break_date="2020-07-01", observed_from="2020-01-01", exposure="cases")
    days = dict(zip(found.table.column("span"), found.table.column("days"), strict=True))
    assert days == {"before": 173.0, "after": 41.0 + 2.0}  # a: 10 January to 30 June, 1 July to 10 August; b: 11 and 12 August


def test_a_path_up_down_and_up_again_has_two_bounces():
    levels = ["general", "general", "first", "Specialist", "first", "specialist"]
    rows = [("a", "Visit", f"2020-01-{day + 1:02}", level) for day, level in enumerate(levels)]
    rows += [("b", "Visit", "2020-01-01", "general"), ("b", "Visit", "2020-02-01", None)]
    found = lt.level_paths(log_of(rows, [*PLAIN, "level"]))
    cases = found.cases.to_pandas().set_index("case_id")
    assert cases.loc["a"].to_dict() == {
        "path": "general > first > specialist > first > specialist", "contacts": 6, "steps_up": 3, "steps_down": 1, "bounces": 2,
        "highest": 2,
    }  # fmt: skip
    assert cases.loc["b", "path"] == "general"
    assert [row["cases"] for row in found.reached.records()] == [1, 0, 1]


def test_coordinators_change_only_where_another_is_named():
    holders = ["K1", None, "K1", "K2", "none", "K1"]
    rows = [("a", "Call", f"2020-0{month + 1}-01", holder) for month, holder in enumerate(holders)] + [("b", "Call", "2020-01-01", None)]
    found = lt.coordinator_episodes(log_of(rows, [*PLAIN, "coordinator"]))
    episodes = [(row["coordinator"], row["since"], row["until"], row["days"], row["contacts"]) for row in found.episodes.records()]
    assert episodes == [
        ("K1", "2020-01-01", "2020-03-01", 60, 2), ("K2", "2020-04-01", "2020-04-01", 0, 1), ("K1", "2020-06-01", "2020-06-01", 0, 1),
    ]  # fmt: skip
    cases = found.cases.to_pandas()[["contacts", "coordinated", "coordinators", "changes"]].to_numpy().tolist()
    assert cases == [[6, 4, 2, 2], [1, 0, 0, 0]]
    assert (found.has_one.value, found.kept_one.value) == (0.5, 0.0)


def test_the_silent_tail_of_an_open_case_is_a_gap():
    pathway = lt.read_pathway(
        {
            "name": "x", "start": "found", "stop": "help",
            "milestones": {"found": {"activities": "Found"}, "help": {"activities": "Help"}},
        }
    )  # fmt: skip
    rows = [("a", "Found", "2020-01-01"), ("a", "Call", "2020-01-31"), ("b", "Found", "2020-01-01"), ("b", "Help", "2020-03-01")]
    log = log_of(rows, PLAIN, observed_until="2020-05-10")
    found = lt.contact_gaps(log, pathway, longer_than_days=59).to_pandas().set_index("case_id")
    assert found.loc["a", ["gaps", "gap_days", "longest_days"]].tolist() == [1, 100, 100]
    assert found.loc["b", ["gaps", "gap_days", "longest_days"]].tolist() == [1, 60, 60]
    assert lt.contact_gaps(log, pathway, longer_than_days=100).to_pandas()["gaps"].tolist() == [0, 0]


MEASURES = {
    "answers": lambda log: lt.count_answers(log, "place").to_dict(),
    "reach": lambda log: lt.reach(log, population=9).to_dict(),
    "contacts": lambda log: lt.contact_counts(log, every="month").table.rows,
    "stays": lambda log: lt.admissions(log, activities="Dose").table.rows,
}


@pytest.mark.parametrize("name", MEASURES)
def test_shuffled_rows_change_nothing(name):
    frame = contacts_log().to_pandas()[["case_id", "activity", "place", "meeting_id", "attended"]]
    frame["start"] = ["2020-01-10", "2020-03-10", "2020-03-10", "2020-08-10", "2020-08-11", "2020-08-12"]
    shuffled = frame.iloc[[3, 5, 0, 4, 2, 1]]
    one, other = (MEASURES[name](lt.read_log(each, observed_until="2020-12-31")) for each in (frame, shuffled))
    assert one == other


def test_milestones_that_a_case_went_past_are_skipped_not_open():
    pathway = lt.read_pathway(
        {
            "name": "x", "start": "raised", "stop": "help",
            "milestones": {"raised": {"activities": "R"}, "meeting": {"activities": "M"}, "help": {"activities": "H"}},
        }
    )  # fmt: skip
    rows = [
        ("a", "R", "2020-01-01"), ("a", "M", "2020-01-11"), ("a", "H", "2020-01-21"),
        ("b", "R", "2020-01-01"), ("b", "H", "2020-02-10"), ("c", "R", "2020-01-01"), ("c", "M", "2020-01-31"),
    ]  # fmt: skip
    found = lt.milestones_reached(lt.lead_times(log_of(rows, PLAIN), pathway))
    meeting, helped = found.of("meeting"), found.of("help")
    assert [meeting[name] for name in ("n", "reached", "skipped", "open", "left")] == [3, 2, 1, 0, 0]
    assert [helped[name] for name in ("n", "reached", "skipped", "open", "left")] == [3, 2, 0, 1, 0]
    assert (meeting["median_days"], helped["median_days"], helped["step_days"]) == (30.0, 40.0, 10.0)


@pytest.mark.parametrize("turned", [False, True])
def test_the_nth_meeting_of_several_at_a_midnight_counts_a_date_before_a_clock_time(turned):
    steps = {"raised": {"activities": "R"}, "second": {"activities": "M", "rule": "nth", "n": 2}, "help": {"activities": "H"}}
    pathway = lt.read_pathway({"name": "x", "start": "raised", "stop": "help", "milestones": steps})
    meetings = [("a", "M", "2020-01-11T00:00:00"), ("a", "M", "2020-01-11")]
    rows = [("a", "R", "2020-01-01T12:00:00"), *(meetings[::-1] if turned else meetings), ("a", "H", "2020-01-21T12:00:00")]
    found = lt.milestones_reached(lt.lead_times(log_of(rows, PLAIN, timezone="UTC"), pathway))
    assert found.of("second")["median_days"] == 9.5  # from noon to the clock time at midnight, not the 10 days to the date


def test_a_milestone_by_date_on_the_day_of_a_stop_with_its_clock_time_is_reached_before_it():
    steps = {"raised": {"activities": "R"}, "meeting": {"activities": "M"}, "help": {"activities": "H"}}
    pathway = lt.read_pathway({"name": "x", "start": "raised", "stop": "help", "milestones": steps})
    rows = [
        ("a", "R", "2020-01-01T20:00:00"), ("a", "M", "2020-01-02"), ("a", "H", "2020-01-02T08:00:00"),
        ("b", "R", "2020-01-01T20:00:00"), ("b", "M", "2020-01-03"), ("b", "H", "2020-01-02T08:00:00"),
    ]  # fmt: skip
    found = lt.milestones_reached(lt.lead_times(log_of(rows, PLAIN, timezone="UTC"), pathway)).of("meeting")
    assert (found["n"], found["reached"], found["skipped"], found["median_days"]) == (2, 1, 1, 0.5)
