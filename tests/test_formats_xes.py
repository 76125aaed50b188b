"""XES: traces to cases, lifecycle steps paired to events, whatever way the file is written; nothing of it lost, nothing outside it read."""

from __future__ import annotations

import gzip
import random
import re
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n'
GLOBALS = (
    '<!-- made by a test --><extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>'
    '<global scope="event"><string key="concept:name" value="__INVALID__"/></global>'
    '<classifier name="c" keys="concept:name"/><string key="concept:name" value="a log"/>'
)
DAY_US = 86_400_000_000


def event(activity: str, time: str, tag: str = "event", **attributes: str) -> str:
    """An event; an attribute's name has an underscore for the colon."""
    more = "".join(f'<string key="{key.replace("_", ":", 1)}" value="{value}"/>' for key, value in attributes.items())
    return f'<{tag}><string key="concept:name" value="{activity}"/><date key="time:timestamp" value="{time}"/>{more}</{tag}>'


def step(activity: str, life: str, day: int, **attributes: str) -> str:
    return event(activity, f"2020-01-{day:02}T08:00:00.000+01:00", lifecycle_transition=life, **attributes)


def trace(case: str, *events: str, more: str = "") -> str:
    return f'<trace><string key="concept:name" value="{case}"/>{more}{"".join(events)}</trace>'


def written(folder: Path, *traces: str, head: str = HEAD + GLOBALS, tail: str = "</log>") -> Path:
    path = folder / "log.xes"
    path.write_text(head + "\n".join(traces) + tail, encoding="utf-8")
    return path


def days(log: lt.EventLog) -> list[tuple[Any, ...]]:
    """Activity, first and last day in January 2020, and whether an end is given."""
    frame = log.to_pandas()
    bounds = [[us // DAY_US - 18_262 for us in frame[f"{side}_us"].tolist()] for side in ("start", "end")]
    return list(zip(frame["activity"], *bounds, frame["end_given"], strict=True))


def found(log: lt.EventLog, code: str) -> int:
    return sum(finding.count for finding in log.quality.findings if finding.code == code)


# --- keys ------------------------------------------------------------------------------------------------------------------------------


def test_standard_keys_are_the_roles_and_the_rest_are_typed_attributes(tmp_path: Path) -> None:
    of_case = '<string key="cohort" value="before"/><date key="Start date" value="2001-01-01T00:00:00+01:00"/>'
    of_event = '<int key="cost" value="7"/><float key="share" value="0.5"/><boolean key="urgent" value="true"/><int key="mixed" value="x"/>'
    one = event("Remiss", "2020-01-01T08:00:00.123456+01:00", org_group="BVC &amp; co", org_resource="R1")
    path = written(tmp_path, trace("å", one.replace("</event>", of_event + "</event>"), more=of_case))
    log = lt.read_log(path, timezone="Europe/Stockholm")
    expected = {
        "case_id": "case:concept:name",
        "activity": "concept:name",
        "start": "time:timestamp",
        "unit": "org:group",
        "cohort": "cohort",
    }
    assert dict(log.roles) == expected
    row = log.to_pandas().iloc[0]
    assert tuple(row[["case_id", "activity", "unit", "org:resource", "cohort"]]) == ("å", "Remiss", "BVC & co", "R1", "before")
    assert tuple(row[["start_us", "start_wall_us"]]) == (1_577_862_000_123_456, 1_577_865_600_123_456)
    assert tuple(row[["cost", "share", "urgent", "mixed"]]) == (7, 0.5, True, "x")
    assert row["Start date"] == "2001-01-01T00:00:00+01:00"  # an attribute: the standard says which key is the time
    assert log.precision == "clock"


def test_attributes_of_a_trace_stand_on_each_of_its_events_and_give_way_to_an_events_own(tmp_path: Path) -> None:
    own = event("y", "2020-01-02T00:00:00Z", note="of the event")
    more = '<string key="note" value="of the trace"/><int key="age" value="4"/>'
    both = lt.read_log(written(tmp_path, trace("a", event("x", "2020-01-01T00:00:00Z"), own, more=more))).to_pandas()
    assert both["age"].tolist() == [4, 4]
    assert both["case:note"].tolist() == ["of the trace"] * 2
    assert both["note"].tolist()[1] == "of the event"


def test_offsets_are_exact_and_a_time_written_as_text_is_an_instant_too(tmp_path: Path) -> None:
    zones = ["2020-06-30T23:30:00.000001-09:30", "2020-07-01T09:00:00.000001Z", "2020-07-01T14:45:00.000001+05:45"]
    events = [event(str(n), time) for n, time in enumerate(zones)]
    events.append(event("text", zones[0]).replace("<date", "<string"))
    log = lt.read_log(written(tmp_path, trace("a", *events)), timezone="Europe/Stockholm")
    assert set(log.to_pandas()["start_us"]) == {1_593_594_000_000_001}
    assert set(log.to_pandas()["start_wall_us"]) == {1_593_594_000_000_001 + 2 * 3_600_000_000}  # summer time in the log's zone
    assert log.precision == "clock"


def test_midnight_in_xes_is_a_clock_time(tmp_path: Path) -> None:
    path = written(tmp_path, trace("a", event("x", "2020-01-01T00:00:00+00:00"), event("y", "2020-01-02T00:00:00+00:00")))
    assert lt.read_log(path).precision == "clock"


# --- lifecycle -------------------------------------------------------------------------------------------------------------------------


def test_steps_are_paired_first_in_first_out_and_what_has_no_partner_is_kept_and_counted(tmp_path: Path) -> None:
    events = [
        step("A", "schedule", 1),
        step("A", "start", 2, org_group="U"),
        step("A", "suspend", 3),
        step("A", "resume", 4),
        step("A", "complete", 6),
        step("A", "complete", 7),
        step("B", "start", 8),
        step("B", "START", 9),
        step("B", "Complete", 10),
        step("C", "start", 1),
        step("C", "complete", 2),
        step("D", "ate_abort", 3),
        event("E", "2020-01-04T08:00:00Z"),
        step("A", "schedule", 20),
    ]
    log = lt.read_log(written(tmp_path, trace("a", *events)))
    expected = [
        ("A", 1, 5, True),
        ("A", 6, 6, False),
        ("B", 7, 9, True),
        ("B", 8, 8, False),
        ("C", 0, 1, True),
        ("D", 2, 2, False),
        ("E", 3, 3, False),
        ("A", 19, 19, False),
    ]
    assert sorted(days(log)) == sorted(expected)
    frame = log.to_pandas()
    row = frame[(frame["activity"] == "A") & frame["end_given"]].iloc[0]
    assert tuple(row[["unit", "suspended_us", "scheduled_us"]]) == ("U", DAY_US, 1_577_862_000_000_000)
    assert (log.quality.rows_read, log.quality.rows_kept, log.quality.rows_rejected) == (14, 14, 0)
    assert (found(log, "lifecycle-paired"), found(log, "lifecycle-unpaired")) == (5, 2)
    assert found(log, "lifecycle-not-paired") == 0


def test_a_suspension_without_work_around_it_is_an_event_of_its_own_and_one_without_end_is_counted(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, trace("a", step("A", "suspend", 1), step("A", "resume", 3), step("A", "suspend", 5))))
    assert sorted(days(log)) == [("A", 0, 2, True), ("A", 4, 4, False)]
    assert (found(log, "lifecycle-paired"), found(log, "lifecycle-unpaired")) == (1, 1)


def test_steps_of_other_cases_and_activities_are_no_partners(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, trace("a", step("A", "start", 1), step("B", "complete", 2)), trace("b", step("A", "complete", 3))))
    assert sorted(days(log)) == [("A", 0, 0, False), ("A", 2, 2, False), ("B", 1, 1, False)]
    assert found(log, "lifecycle-unpaired") == 1  # a completion alone is an event as it is


def test_a_log_of_completions_only_has_nothing_to_pair(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, trace("a", step("A", "complete", 1), step("A", "complete", 2))))
    assert days(log) == [("A", 0, 0, False), ("A", 1, 1, False)]
    assert not {finding.code for finding in log.quality.findings} & {"lifecycle-paired", "lifecycle-unpaired"}


def test_an_instance_holds_its_steps_together(tmp_path: Path) -> None:
    steps = [("start", 1, "1"), ("start", 2, "2"), ("complete", 3, "2"), ("complete", 9, "1")]
    apart = [step("A", life, day, concept_instance=instance) for life, day, instance in steps]
    assert days(lt.read_log(written(tmp_path, trace("a", *apart)))) == [("A", 0, 8, True), ("A", 1, 2, True)]
    alike = [step("A", life, day) for life, day, _ in steps]
    assert days(lt.read_log(written(tmp_path, trace("a", *alike)))) == [("A", 0, 2, True), ("A", 1, 8, True)]


def by_hand(steps: list[tuple[str, str, int]]) -> list[tuple[str, int, int, bool]]:
    """The pairs of starts and completions by a queue for each activity, as a person would make them."""
    waiting: dict[str, deque[int]] = defaultdict(deque)
    events = []
    for activity, life, day in sorted(steps, key=lambda one: one[2]):
        if life == "start":
            waiting[activity].append(day - 1)
        elif waiting[activity]:
            events.append((activity, waiting[activity].popleft(), day - 1, True))
        else:
            events.append((activity, day - 1, day - 1, False))
    return sorted(events + [(activity, day, day, False) for activity, left in waiting.items() for day in left])


STEPS = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["start", "complete"]), st.integers(1, 28)), min_size=1, max_size=12)


@given(st.lists(STEPS, min_size=1, max_size=6))
@settings(max_examples=5)
def test_pairing_agrees_with_a_queue(tmp_path_factory: pytest.TempPathFactory, cases: list[list[tuple[str, str, int]]]) -> None:
    traces = [trace(str(n), *(step(*one) for one in steps)) for n, steps in enumerate(cases)]
    log = lt.read_log(written(tmp_path_factory.mktemp("xes"), *traces))
    events = list(zip(log.to_pandas()["case_id"], days(log), strict=True))
    for n, steps in enumerate(cases):
        assert sorted(event for case, event in events if case == str(n)) == by_hand(steps)
    assert log.quality.rows_read == log.quality.rows_kept == sum(map(len, cases))


def test_a_csv_with_lifecycle_steps_is_paired_too(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = ["a,A,start,2020-01-01 08:00:00", "a,A,complete,2020-01-03 08:00:00"]
    path.write_text("case:concept:name,concept:name,lifecycle:transition,time:timestamp\n" + "\n".join(rows), encoding="utf-8")
    assert days(lt.read_log(path)) == [("A", 0, 2, True)]


# --- ways of writing -------------------------------------------------------------------------------------------------------------------


def prefixed(text: str) -> str:
    """Each tag in the namespace's prefix."""
    return re.sub(r"<(/?)(?=\w)", r"<\1x:", text).replace("xmlns=", "xmlns:x=")


WAYS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "a byte-order mark": lambda text: "\ufeff" + text,
    "comments between": lambda text: text.replace("<trace>", "<!-- <trace> --><trace>"),
    "in a namespace": prefixed,
    "single quotes": lambda text: text.replace('"', "'"),
    "spread over lines": lambda text: text.replace("/>", "\n  />").replace("<event>", "\n\t<event>\n"),
    "a list within": lambda text: text.replace("</event>", '<list key="l"><string key="in" value="1"/></list></event>'),
    "closed in full": lambda text: text.replace('value="R1"/>', 'value="R1"></string>'),
    "the value first": lambda text: re.sub(r'(key="org:resource") (value="R1")', r"\2 \1", text),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_however_it_is_written_the_events_are_the_same(way: str, tmp_path: Path) -> None:
    traces = [
        trace(f"c{case}", *(event(f"a{n}", f"2020-01-{n + 1:02}T00:00:00+01:00", org_resource="R1") for n in range(case + 1)))
        for case in range(3)
    ]
    plain = lt.read_log(written(tmp_path, *traces)).to_pandas()
    other = tmp_path / "other.xes"
    other.write_text(WAYS[way]((tmp_path / "log.xes").read_text(encoding="utf-8")), encoding="utf-8")
    log = lt.read_log(other)
    assert log.to_pandas()[plain.columns].equals(plain)
    assert way == "plain" or other.read_bytes() != (tmp_path / "log.xes").read_bytes()
    assert found(log, "nested-attributes") == (12 if way == "a list within" else 0)  # the list and what is in it, six times


def test_packed_utf16_and_latin1_files_are_read(tmp_path: Path) -> None:
    text = HEAD + trace("å", event("Återbesök", "2020-01-01T00:00:00Z")) + "</log>"
    (tmp_path / "a.xes.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "b.xes").write_bytes(text.replace("UTF-8", "UTF-16").encode("utf-16"))
    (tmp_path / "c.xes").write_bytes(text.replace("UTF-8", "ISO-8859-1").encode("latin-1"))
    for name in ("a.xes.gz", "b.xes", "c.xes"):
        log = lt.read_log(tmp_path / name)
        assert log.activities == ("Återbesök",), name
        assert log.provenance.format == "xes"


@pytest.mark.parametrize("reader", ["engine", "parser"])
def test_a_log_is_read_in_pieces_and_no_event_falls_between_them(reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [trace(f"å{case:03}", *(event("x", f"2020-01-{n + 1:02}T00:00:00Z") for n in range(case % 4 + 1))) for case in range(60)]
    packed = tmp_path / "log.xes.gz"
    packed.write_bytes(gzip.compress(written(tmp_path, *traces).read_bytes()))
    whole = lt.read_log(tmp_path / "log.xes").to_pandas()
    monkeypatch.setattr("leadtime.ingest.xes._BATCH", 4_000)
    monkeypatch.setattr("leadtime.ingest.xes._CHUNK_ROWS", 40)
    monkeypatch.setattr("leadtime.ingest.streams.CHUNK", 997)
    if reader == "parser":
        monkeypatch.setattr("leadtime.ingest.xes._plain", lambda *_: None)
    log = lt.read_log(packed)
    assert log.to_pandas().equals(whole)
    assert (len(whole), log.quality.rows_read) == (150, 150)


def test_both_readers_agree_on_a_log_of_many_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    keys = ["concept:name", "org:group", "cost", "å &amp; b", "lifecycle:transition"]
    traces = []
    for number in range(200):
        events = []
        for _ in range(chance.randint(0, 5)):
            chosen = chance.sample(keys[1:], chance.randint(0, 4))
            more = {key.replace(":", "_", 1): chance.choice(["1", "&lt;x&gt;", "", "start", "complete"]) for key in chosen}
            events.append(event("a", f"2020-01-{chance.randint(1, 28):02}T00:00:00Z", **more))
        traces.append(trace(f"c{number}", *events))
    path = written(tmp_path, *traces)
    quick = lt.read_log(path).to_pandas()
    monkeypatch.setattr("leadtime.ingest.xes._plain", lambda *_: None)
    slow = lt.read_log(path).to_pandas()
    assert set(quick.columns) == set(slow.columns)
    assert quick.equals(slow[quick.columns])


# --- what isn't as it should be --------------------------------------------------------------------------------------------------------


def test_events_without_case_activity_or_time_are_rejected_with_their_number(tmp_path: Path) -> None:
    good = event("x", "2020-01-01T00:00:00Z")
    nameless = (
        '<trace><event><string key="concept:name" value="y"/><date key="time:timestamp" value="2020-01-01T00:00:00Z"/></event></trace>'
    )
    timeless = '<event><string key="concept:name" value="z"/></event>'
    path = written(tmp_path, trace("a", good, timeless, "<event></event>", event("x", "yesterday")), trace("empty"), nameless)
    log = lt.read_log(path)
    rows = [(row[2], row[5]) for row in log.rejected.rows]
    assert sorted(rows) == [(2, "no start"), (3, "no activity"), (4, "unreadable start"), (5, "no case id")]
    assert (log.quality.rows_read, log.quality.rows_kept, found(log, "case-without-events")) == (5, 1, 1)


MADE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "", None, "b &amp; c"]),
        "time": st.sampled_from(["2020-01-01T00:00:00Z", "2020-01-01", "31/12/2020", "", None, "2020-13-01T00:00:00Z", "x"]),
        "life": st.sampled_from(["start", "complete", "schedule", "suspend", "resume", "", None, "unknown"]),
    }
)


@given(st.lists(st.tuples(st.sampled_from(["1", "", None]), st.lists(MADE, max_size=4)), max_size=5))
@settings(max_examples=6)
def test_rows_add_up_whatever_the_events_hold(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str | None, list[dict[str, str | None]]]]
) -> None:
    keys = {"name": ("string", "concept:name"), "time": ("date", "time:timestamp"), "life": ("string", "lifecycle:transition")}

    def tags(values: dict[str, str | None]) -> str:
        return "".join(f'<{keys[key][0]} key="{keys[key][1]}" value="{value}"/>' for key, value in values.items() if value is not None)

    traces = [f"<trace>{tags({'name': case})}{''.join(f'<event>{tags(one)}</event>' for one in events)}</trace>" for case, events in made]
    events = sum(len(events) for _, events in made)
    path = written(tmp_path_factory.mktemp("xes"), trace("sure", event("x", "2020-01-01T00:00:00Z")), *traces)
    log = lt.read_log(path)
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected == events + 1
    assert len(log.rejected.rows) == quality.rows_rejected
    assert len(log.to_pandas()) <= quality.rows_kept


BOMB = (
    '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{of};" * 9}">' for of, name in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB + '<log><trace><event><string key="concept:name" value="&j;"/></event></trace></log>', "declares a document type"),
        ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', "declares a document type"),
        ('<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log><trace>&x;</trace></log>', "declares a document type"),
        ("<html><body/></html>", "begins with <html>, not <log>"),
        ("<log><trace><event>", "isn't well-formed XML at line 1: no element found; export it again"),
        (HEAD + trace("a", event("x", "2020-01-01T00:00:00Z")) + "\n<trace><str", "isn't well-formed XML at line 4"),
        (HEAD + trace("a", event("x", "2020-01-01T00:00:00Z")), "isn't well-formed XML at line 3: no element found"),
        (HEAD + trace("a", event("x &other;", "2020-01-01T00:00:00Z")) + "</log>", "isn't well-formed XML at line 3: undefined entity"),
        ("<log></log>", "holds no events; export the log again"),
        ("not xml", "isn't well-formed XML at line 1"),
        ('<?xml version="1.0" encoding="inlineStr"?><log/>', "says that it is in an unknown encoding: inlineStr; export it again in UTF-8"),
        ("<log>" + "<a>" * 250, "nests tags more than 200 deep"),
        (
            "<log><trace><event>" + "".join(f'<string key="k{i}" value="1"/>' for i in range(5001)) + "</event></trace></log>",
            "more than 5000 columns",
        ),
    ],
    ids=[
        "bomb",
        "outside type",
        "outside entity",
        "html",
        "open",
        "cut",
        "cut between",
        "entity",
        "empty",
        "text",
        "encoding",
        "deep",
        "broad",
    ],
)
def test_hostile_and_broken_files_are_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(lt.InputError) as caught:
        lt.read_log(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("head", [HEAD, HEAD + "<!-- -->"], ids=["plain", "parsed"])
def test_an_attribute_without_a_key_is_kept(head: str, tmp_path: Path) -> None:
    nameless = '<string key="" value="seen"/>'
    made = event("x", "2020-01-01T00:00:00Z").replace("</event>", f"{nameless}</event>")
    log = lt.read_log(written(tmp_path, trace("a", made, more=nameless), head=head))
    assert log.to_pandas()[["(no key)", "case:(no key)"]].to_numpy().tolist() == [["seen", "seen"]]


def test_a_broken_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.xes.gz"
    path.write_bytes(gzip.compress(b"<log/>" * 1000)[:-20])
    with pytest.raises(lt.InputError, match="damaged or isn't packed by gzip"):
        lt.read_log(path)
