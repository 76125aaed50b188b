"""The same input gives the same bytes: in any hash seed, locale, time zone and number of threads (threat T10)."""

from __future__ import annotations

import hashlib
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest

import leadtime as lt

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"

CODE = """
import locale, sys
from pathlib import Path
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    sys.exit(3)
sys.path.insert(0, sys.argv[1])
from test_determinism import made
print(made(Path(sys.argv[2]), int(sys.argv[3])))
"""


def made(folder: Path, threads: int) -> str:
    """The hashes of a report's files, and of a log written as CSV and XES."""
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    until = pathway.log.observed_until
    log = lt.read_log(SAMPLE / "events_messy.xlsx", timezone=pathway.log.timezone, observed_until=until, threads=threads, **given(pathway))
    report = lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway), draws=200), language="sv")
    report.to_excel(folder / "report.xlsx")
    report.to_html(folder / "report.html")
    lt.write_log(log, folder / "log.csv")
    lt.write_log(log, folder / "log.xes")
    names = ("report.xlsx", "report.html", "log.csv", "log.xes")
    return " ".join(hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in names)


def given(pathway: lt.Pathway) -> dict:
    return {"columns": dict(pathway.log.columns) or None, "sheets": pathway.log.sheets or None}


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> str:
    return made(tmp_path_factory.mktemp("here"), 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "language", "zone", "threads"),
    [
        ("0", "C", "UTC", 1),
        ("1", "sv_SE.UTF-8", "Asia/Kathmandu", 2),
        ("4242", "tr_TR.UTF-8", "Pacific/Apia", 1),
        ("7", "C.UTF-8", "America/St_Johns", 2),
    ],
)
def test_a_report_has_the_same_bytes_elsewhere(seed, language, zone, threads, here, tmp_path):
    """Threat T10."""
    other = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "LC_ALL": language,
        "LANG": language,
        "TZ": zone,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, "-c", CODE, str(ROOT / "tests"), str(tmp_path), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=other)
    if done.returncode == 3:
        pytest.skip(f"needs the locale {language}: apt-get install locales, then locale-gen {language}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == here


def test_no_locale_of_this_process_is_changed_by_a_report():
    assert locale.setlocale(locale.LC_NUMERIC) == "C"
