"""The pictures of README: one case split into work and waiting, and the cover of the example workbook.

`python docs/images.py` draws them anew; the cover takes LibreOffice and pdftoppm.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import leadtime as lt
from leadtime import charts

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
CASE = "MS035"  # synthetic, and with a lead time near the median before


def one_case() -> None:
    """Draws the path of one synthetic case."""
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone="Europe/Stockholm", observed_until="2020-12-31")
    charts.case_path(lt.time_split(log, pathway), CASE).save(IMAGES / "one_case.png", width_cm=26, height_cm=7.5, dpi=90)


def cover() -> None:
    """Prints the first page of the example workbook as LibreOffice shows it."""
    workbook = ROOT / "reports" / "examples" / "mark_svenljunga_en" / "report.xlsx"
    soffice, pdftoppm = (shutil.which(program) for program in ("soffice", "pdftoppm"))
    if soffice is None or pdftoppm is None:
        raise SystemExit("the cover needs LibreOffice and pdftoppm: apt-get install libreoffice-calc poppler-utils")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(workbook)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603 - a program by its full path, on our own file
        page = [pdftoppm, "-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile", str(Path(folder, "report.pdf"))]
        subprocess.run([*page, str(IMAGES / "workbook")], check=True, timeout=120)  # noqa: S603


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    one_case()
    cover()
