"""A store of a log by month of case start: adding extracts gives what the whole log gives, and only what changed is computed again."""

from __future__ import annotations

import json
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

PATHWAY = {
    "name": "store", "start": "s", "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}}, "exits": {"moved": {"activities": ["X"]}},
}  # fmt: skip
EVENTS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("SEXO"), st.integers(0, 200))


def frame(rows) -> pd.DataFrame:
    base = pd.Timestamp("2020-01-01")
    days = [(case, activity, base + pd.Timedelta(days=day), f"u{day % 3}") for case, activity, day in rows]
    return pd.DataFrame(days, columns=["case_id", "activity", "start", "unit"])


def same(ours: lt.LeadTimes, theirs: lt.LeadTimes) -> None:
    pd.testing.assert_frame_equal(ours.to_pandas(), theirs.to_pandas())
    assert ours.flow.rows == theirs.flow.rows
    assert (ours.observed_until, ours.until_assumed) == (theirs.observed_until, theirs.until_assumed)
    assert ours.events_after_observation == theirs.events_after_observation


@given(extracts=st.lists(st.lists(EVENTS, min_size=1, max_size=12), min_size=1, max_size=3))
@settings(max_examples=6)
def test_extracts_one_by_one_equal_the_whole_log(tmp_path_factory, extracts):
    store = lt.open_store(tmp_path_factory.mktemp("store") / "new")
    pathway = lt.read_pathway(PATHWAY)
    for rows in extracts:
        store.add(lt.read_log(frame(rows)))
    # An event equal to a stored one comes only as often as the extract that holds most of it.
    most = pd.concat([frame(rows).value_counts().rename(place) for place, rows in enumerate(extracts)], axis=1).max(axis=1).astype(int)
    merged = most.index.to_frame(index=False).loc[lambda table: table.index.repeat(most.to_numpy())]
    whole = lt.read_log(merged.sort_values(["case_id", "start", "activity"]))
    assert len(store.log()) == len(whole)
    same(store.lead_times(), lt.lead_times(whole))
    if (merged["activity"] == "S").any():
        same(store.lead_times(pathway), lt.lead_times(whole, pathway))
        same(store.lead_times(pathway), lt.lead_times(whole, pathway))


def made(tmp_path, rows) -> lt.LogStore:
    store = lt.open_store(tmp_path / "store")
    store.add(lt.read_log(frame(rows)))
    return store


def held(store) -> dict[str, str]:
    times = json.loads((store.folder / "store.json").read_text())["times"]
    return {month: of["file"] for by_month in times.values() for month, of in by_month.items()}


def test_only_the_months_that_changed_are_computed_again(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "E", 9), ("b", "S", 40), ("c", "S", 80)])
    pathway = lt.read_pathway(PATHWAY)
    store.lead_times(pathway)
    before = held(store)
    assert set(before) == {"2020-01", "2020-02", "2020-03"}
    assert store.add(lt.read_log(frame([("b", "E", 85)]))).months == ("2020-02",)
    times = store.lead_times(pathway)
    after = held(store)
    # January is done whatever comes later; March has an open case, which the new end of observation moves.
    assert {month for month in after if after[month] != before[month]} == {"2020-02", "2020-03"}
    assert times.to_pandas()["lead_time_days"].tolist() == [9.0, 45.0, 5.0]
    store.lead_times(pathway)
    assert held(store) == after
    assert {item.name for item in store.folder.glob("times-*")} == set(after.values())


def test_what_was_computed_to_the_end_of_a_day_does_not_stand_for_a_clock_time_of_that_day(tmp_path):
    clock = [("a", "S", "01-05T08:00"), ("a", "E", "01-31T15:00"), ("b", "S", "02-05T08:00"), ("b", "E", "02-06T00:00")]
    events = pd.DataFrame([(case, name, f"2020-{at}:00") for case, name, at in clock], columns=["case_id", "activity", "start"])
    store = lt.open_store(tmp_path / "deep" / "down")
    store.add(lt.read_log(events, timezone="Europe/Stockholm"))
    pathway = lt.read_pathway(PATHWAY)
    found = []
    for until in ("2020-02-05", "2020-02-06T00:00", "2020-01-31", "2020-01-31T00:00", "2020-01-31", "2020-01-31T15:00", "2020-01-31T14:59"):
        whole = lt.read_log(events, timezone="Europe/Stockholm", observed_until=until)
        times = store.lead_times(pathway, observed_until=whole.observed_until)
        assert times.events_after_observation == lt.lead_times(whole, pathway).events_after_observation
        found.append(" ".join(times.to_pandas()["status"]))
    late = "excluded"
    assert found[:2] == ["stopped still waiting", "stopped stopped"]
    assert found[2:] == [f"{status} {late}" for status in ("stopped", "still waiting", "stopped", "stopped", "still waiting")]


def test_the_end_of_observation_is_what_is_given_or_the_pathways_or_the_latest_event(tmp_path):
    rows = [("a", "S", 0), ("a", "E", 9), ("b", "S", 40), ("b", "E", 50)]
    store, own = made(tmp_path, rows), lt.read_pathway(PATHWAY | {"log": {"observed_until": "2020-02-15"}})
    whole = lt.read_log(frame(rows), observed_until="2020-02-13")
    for pathway in (own, lt.read_pathway(PATHWAY)):
        same(store.lead_times(pathway, observed_until=whole.observed_until), lt.lead_times(whole, pathway))
        same(store.lead_times(pathway), lt.lead_times(lt.read_log(frame(rows)), pathway))
    same(store.lead_times(observed_until=whole.observed_until), lt.lead_times(whole))


def test_what_is_settled_stays_at_the_same_end_and_at_a_later_one(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "E", 9), ("b", "S", 40), ("b", "E", 50), ("b", "O", 90), ("c", "S", 80)])
    pathway = lt.read_pathway(PATHWAY)
    found = []
    for day in ("2020-03-25", "2020-03-25", "2020-04-25", "2020-03-20"):
        store.lead_times(pathway, observed_until=lt.read_log(frame([("a", "S", 0)]), observed_until=day).observed_until)
        found.append(held(store))
    assert found[0] == found[1]
    changed = [{month for month in one if one[month] != other[month]} for one, other in pairwise(found[1:])]
    # February has an event after the first end, so that it isn't settled; an earlier end settles nothing.
    assert changed == [{"2020-02", "2020-03"}, {"2020-01", "2020-02", "2020-03"}]


def test_two_pathways_are_kept_side_by_side(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "O", 5), ("a", "E", 9)])
    to_end = lt.read_pathway(PATHWAY)
    to_other = lt.read_pathway(PATHWAY | {"milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["O"]}}})
    for _ in range(2):
        found = [store.lead_times(pathway).to_pandas()["lead_time_days"].tolist() for pathway in (to_end, to_other, None)]
        assert found == [[9.0], [5.0], [9.0]]
    assert len(list(store.folder.glob("times-*"))) == 3


def test_the_rows_of_extracts_go_on_from_one_another_and_decide_ties(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "E", 9), ("b", "S", 0)])
    store.add(lt.read_log(frame([("b", "X", 9), ("b", "E", 9), ("a", "X", 9)])))
    store.add(lt.read_log(frame([("c", "S", 40)])))
    table = store.log().to_pandas()
    assert list(zip(table["row"], table["case_id"], table["activity"], strict=True)) == [
        (0, "a", "S"), (1, "a", "E"), (2, "b", "S"), (3, "b", "X"), (4, "b", "E"), (5, "a", "X"), (6, "c", "S"),
    ]  # fmt: skip


def test_dates_and_clock_times_of_extracts_are_told_apart(tmp_path):
    store = made(tmp_path, [("a", "S", 0)])
    assert (store.log().precision, store.log().timezone) == ("date", None)
    store.add(lt.read_log(frame([("b", "S", 40)])))
    assert store.log().precision == "date"
    store.add(lt.read_log(frame([("a", "E", 9)]).assign(start="2020-01-10T12:00:00")))
    assert store.log().precision == "mixed"
    store.add(lt.read_log(frame([("b", "E", 41)])))
    assert store.log().precision == "mixed"
    assert store.lead_times(lt.read_pathway(PATHWAY)).to_pandas()["lead_time_days"].tolist() == [9, 1]


def test_a_store_in_use_may_hold_other_things_and_is_refused_where_it_is_of_another_version(tmp_path):
    store = made(tmp_path, [("a", "S", 0)])
    (store.folder / "letter.txt").write_text("x")
    assert len(lt.open_store(store.folder).log()) == 1
    kept = json.loads((store.folder / "store.json").read_text())
    assert kept["version"] == 1
    (store.folder / "store.json").write_text(json.dumps(kept | {"version": 2}))
    with pytest.raises(lt.InputError, match="another version"):
        lt.open_store(store.folder).log()


def test_an_earlier_event_moves_a_case_to_its_month(tmp_path):
    store = made(tmp_path, [("a", "S", 40), ("b", "S", 45)])
    assert store.add(lt.read_log(frame([("a", "O", 3)]))).months == ("2020-01", "2020-02")
    assert store.months == ("2020-01", "2020-02")
    assert store.add(lt.read_log(frame([("b", "O", 4)]))).months == ("2020-01", "2020-02")
    assert store.months == ("2020-01",)
    assert len(store.log()) == 4


def test_an_extract_that_brings_nothing_new_changes_nothing(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "S", 0), ("b", "S", 40)])
    files = sorted(item.name for item in store.folder.glob("events-*"))
    added = store.add(lt.read_log(frame([("a", "S", 0), ("b", "S", 40)])))
    assert (added.events, added.cases, added.months) == (0, 0, ())
    assert sorted(item.name for item in store.folder.glob("events-*")) == files
    assert len(store.log()) == 3


def test_a_corrected_case_replaces_what_was_stored_of_it(tmp_path):
    store = made(tmp_path, [("a", "S", 0), ("a", "E", 5), ("b", "S", 40)])
    store.add(lt.read_log(frame([("a", "S", 2), ("a", "E", 5)])), replace=True)
    assert store.lead_times(lt.read_pathway(PATHWAY)).to_pandas()["lead_time_days"].tolist() == [3.0, 0.0]


def test_columns_that_an_extract_lacks_are_empty_there(tmp_path):
    store = made(tmp_path, [("a", "S", 0)])
    store.add(lt.read_log(frame([("b", "S", 1)]).assign(cohort="new").drop(columns="unit")))
    table = store.log().to_pandas().set_index("case_id")
    assert table.loc["a", "unit"] == "u0"
    assert table.loc["b", "cohort"] == "new"
    assert pd.isna(table.loc["b", "unit"])


def test_a_killed_run_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    store = made(tmp_path, [("a", "S", 0)])

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.add(lt.read_log(frame([("a", "E", 5)])))
    monkeypatch.undo()
    assert len(lt.open_store(store.folder).log()) == 1
    store.add(lt.read_log(frame([("a", "E", 5)])))
    assert len(list(store.folder.glob("events-*"))) == 1


def test_what_does_not_fit_is_told(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(lt.InputError, match=r"letter\.txt"):
        lt.open_store(tmp_path / "mine")
    with pytest.raises(lt.InputError, match="empty"):
        lt.open_store(tmp_path / "store").log()
    store = made(tmp_path, [("a", "S", 0)])
    with pytest.raises(lt.UsageError, match="zone"):
        store.add(lt.read_log(frame([("b", "S", 0)]), timezone="Europe/Stockholm"))
    (store.folder / "store.json").write_text("{")
    with pytest.raises(lt.InputError, match="can't be read"):
        store.log()


def test_a_folder_that_holds_a_stores_unfinished_files_only_may_be_used(tmp_path):
    """A first extract that was killed leaves files of the store, and no list of them yet."""
    for name in ("events-2019-01.parquet", "times-2019-01.parquet", ".draft"):
        (tmp_path / name).touch()
    assert lt.open_store(tmp_path).folder == tmp_path
