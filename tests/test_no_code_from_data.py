"""What a log holds stays data, what a run does stays on the machine, and the key shows nowhere."""

from __future__ import annotations

import ast
import functools
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
SECRET = "3f8a1c0b9d2e4756af01b3c8d94e6270" * 2
CODE = sorted((ROOT / "leadtime").rglob("*.py"))

# Python reports each of these by itself, whichever library does it; all are stopped.
WATCHED = """
import sys
FORBIDDEN = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request", "http.client.connect",
    "ftplib.connect", "smtplib.connect", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pickle.find_class",
)
def watch(event, arguments):
    own = event == "pickle.find_class" and arguments[0].startswith("babel.")  # Babel keeps the locale data that it ships so
    if event in FORBIDDEN and not own:
        print("FORBIDDEN", event, arguments[:1], file=sys.stderr)
        sys.stderr.flush()
        import os
        os._exit(77)
sys.addaudithook(watch)
"""


def watched(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WATCHED + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.slow
def test_a_whole_report_run_opens_no_connection_starts_no_program_and_unpickles_nothing(tmp_path):
    """Threat T1, T8."""
    code = "from leadtime.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = watched(
        code, "report", SAMPLE / "events_messy.xlsx", "--pathway", SAMPLE / "pathway.toml", "--before", "before", "--after", "after",
        "--out", tmp_path, "--leave-out-bad-rows",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").exists()


def test_the_watch_sees_a_connection():
    assert watched("import socket\nsocket.create_connection(('127.0.0.1', 9))").returncode == 77


def test_the_engine_fetches_nothing_by_itself():
    """Threat T1."""
    session = lt.read_log(pd.DataFrame({"case_id": ["a"], "activity": ["x"], "start": ["2019-03-05"]})).session
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert session.rows(f"SELECT current_setting('{name}')") == [(False,)]


FORBIDDEN_MODULES = {
    "pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "ruamel", "code", "codeop", "ctypes", "socket", "ssl", "http",
    "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "subprocess", "pty", "xmlrpc", "imaplib", "telnetlib",
}  # fmt: skip
UNSAFE_XML = ("xml.etree", "xml.dom", "xml.sax", "lxml")


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_runs_text_unpickles_opens_connections_or_parses_xml_with_entities(path):
    """Threat T8."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [f"{node.module}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            assert name.partition(".")[0] not in FORBIDDEN_MODULES or name.startswith("urllib.parse"), f"line {node.lineno}: {name}"
            # What is read goes through expat, which refuses document types, or openpyxl after `archives`; the samples are our own XML.
            if not name.startswith("xml.sax.saxutils") and "datasets" not in path.parts:
                assert not name.startswith(UNSAFE_XML), f"line {node.lineno}: {name}"
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in {"eval", "exec", "compile", "__import__"}, f"line {node.lineno}"
            if isinstance(called, ast.Attribute):
                assert called.attr not in {"read_pickle", "to_pickle", "read_html", "literal_eval", "system", "popen"}, (
                    f"line {node.lineno}"
                )
                assert not (called.attr in {"eval", "query"} and not isinstance(called.value, ast.Name)), f"line {node.lineno}"


# --- names and values that would be code -----------------------------------------------------------------------------------------------

HOSTILE = (
    'x" , 1) ; DROP TABLE canary; --', "'); DROP TABLE canary; --", "a\"b'c`d", "count(*)", "SELECT", "{0.__class__}", "%s %(x)s", "$1",
    "?", ";", "--", "/*", "col\\", "  ", "Ø\u0301\u202e", "a.b", "[x]", "<script>", "{{ 7*7 }}", "=1+1", "row", "start_us", "leadtime_0",
    "c0", "__row", "lead_time_days",
)  # fmt: skip
names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12))


def events(cohort: str, unit: str, texts: dict[str, str]) -> pd.DataFrame:
    """Twelve cases in two cohorts; `cohort` and `unit` are headers, `texts` replaces the names in the cells."""
    rows = []
    for case in range(12):
        for step, activity in enumerate(("Detected", "Visit", "Visit", "Diagnosis")[: 3 if case == 5 else 4]):
            day = pd.Timestamp("2019-01-01") + pd.Timedelta(days=case + step * (3 + case % 4))
            rows.append((f"case {case}", activity, day, ("A", "B", "A", "C")[step], "before" if case % 2 else "after"))
    told = [tuple(texts.get(cell, cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    return pd.DataFrame(told, columns=["case_id", "activity", "start", unit, cohort])


def figures(frame: pd.DataFrame, cohort: str, unit: str, texts: dict[str, str]) -> list[object]:
    """Every public measure's figures, without the names in them."""

    def name(text: str) -> str:
        return texts.get(text, text)

    log = lt.read_log(frame, columns={"unit": unit}, observed_until="2020-06-30")
    cohort = next((role for role, header in log.roles.items() if header == cohort), cohort)  # some names are known ones
    log.session.run("CREATE TABLE canary (x INTEGER)")
    pathway = lt.read_pathway({
        "name": name("pathway"), "start": "detection", "stop": ["diagnosis"],
        "milestones": {"detection": {"activities": [name("Detected")]}, "diagnosis": {"activities": [name("Diagnosis")]}},
        "activities": {name("Visit"): {"kind": "value", "value_adding": True, "minutes": 45}},
    })  # fmt: skip
    times = lt.lead_times(log, pathway)
    tables = [
        lt.transitions(log), lt.transitions(log, by="unit"), lt.case_profile(log), lt.variants(log), lt.rework(log),
        lt.hand_over_matrix(log), lt.waits_by_owner(log), lt.time_split(log, pathway), lt.continuity(log),
        lt.work_in_progress(log, pathway),
        lt.cohort_summary(times, by=cohort), lt.compare(times, by=cohort, before=name("before"), after=name("after"), draws=50),
        lt.waste(log, pathway), lt.attribution(log, pathway, by=cohort, before=name("before"), after=name("after"), tau=7, draws=20),
    ]  # fmt: skip
    lt.check_quality(log, pathway, today="2021-01-01")  # how many names are alike hangs on the names
    found: list[object] = [times.to_pandas()["lead_time_days"].dropna().sort_values().tolist()]
    for table in tables:
        values = table.to_pandas().select_dtypes("number").to_numpy(dtype=float, na_value=float("nan")).ravel()
        found.append(sorted(round(float(value), 6) for value in values if value == value))
    assert log.session.rows("SELECT count(*) FROM canary") == [(0,)]
    return found


@functools.cache
def plain() -> list[object]:
    return figures(events("group", "unit", {}), "group", "unit", {})


@settings(max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "4")))
@given(st.lists(names, min_size=9, max_size=9, unique_by=lambda text: text.strip().casefold()))
@example([*HOSTILE[:9]])
@example([*HOSTILE[9:18]])
def test_no_name_in_a_log_is_ever_taken_for_code(hostile):
    """Column names, activities, units, cohorts and case ids, whatever they hold, give the figures of plain names (threat T8)."""
    cohort, unit, *cells = hostile
    texts = dict(zip(("Detected", "Visit", "Diagnosis", "A", "before", "after", "case 3"), cells, strict=True))
    try:
        made = figures(events(cohort, unit, texts), cohort, unit, texts)
    except lt.LeadtimeError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a name that can't be one is refused in a line, as blanks are
    else:
        assert made == plain()


# --- the key ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    events("cohort", "unit", {}).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "key.txt").write_text(SECRET, encoding="ascii")
    return tmp_path


def hide(folder: Path) -> list[str]:
    return ["pseudonymise", str(folder / "log.csv"), "--key-file", str(folder / "key.txt"), "--out", str(folder / "hidden.csv")]


def test_the_key_is_in_no_log_message_result_or_provenance(folder, caplog, capsys):
    """Threat T4."""
    caplog.set_level(logging.DEBUG)
    assert main(hide(folder)) == 0
    hidden = lt.pseudonymise(lt.read_log(folder / "log.csv"), SECRET.encode())
    shown = [caplog.text, *capsys.readouterr(), repr(hidden), repr(hidden.provenance), str(hidden.quality), str(vars(hidden))]
    assert not [text for text in shown if SECRET in text or SECRET[:16] in text]


def test_the_key_is_in_no_traceback(folder, monkeypatch, capsys):
    """Threat T4."""
    import leadtime.ingest.pseudonyms as room

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(room, "_renumbered", broken)
    assert main(["--debug", *hide(folder)]) == 70
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert SECRET[:16] not in error


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the list of processes as Linux has it")
def test_the_key_is_not_in_the_list_of_processes(folder):
    """Threat T4."""
    run = subprocess.Popen(
        [sys.executable, "-m", "leadtime", *hide(folder)], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    )  # fmt: skip
    seen = []
    while run.poll() is None:
        seen.append(Path(f"/proc/{run.pid}/cmdline").read_bytes())
        time.sleep(0.05)
    assert run.returncode == 0
    assert seen
    assert not [line for line in seen if SECRET.encode()[:16] in line]
