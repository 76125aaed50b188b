"""The pages pass axe-core in headless Chromium, on a telephone and on a desk, light and dark; they load nothing and raise no error."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import leadtime as lt
from leadtime.report import SECTIONS
from leadtime.report.stream import stream_report
from tests.conftest import absent

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"

AXE = "4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
PHONE, DESK = 390, 1280
SCHEMES = {"dark": 0, "light": 1}  # as Chromium numbers them

# Says what it found to the outermost window, which puts it where --dump-dom prints it.
TOLD = """
axe.run(document, {resultTypes: ["violations"]}).then(found => top.postMessage(JSON.stringify({
  width: innerWidth, dark: matchMedia("(prefers-color-scheme: dark)").matches, passes: found.passes.length,
  requests: performance.getEntriesByType("resource").map(entry => entry.name),
  violations: found.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(node => node.html).join(" ")),
}), "*"))
"""
HEARD = """
addEventListener("message", message => {
  const told = document.createElement("pre");
  told.id = "told";
  told.textContent = message.data;
  document.body.append(told);
})
"""


@dataclass(frozen=True)
class Seen:
    """What Chromium made of a page."""

    width: int
    dark: bool
    passes: int
    violations: list[str]
    requests: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(["npm", "pack", f"axe-core@{AXE}"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        absent(f"needs axe-core {AXE} from npm: {(done.stderr.strip().splitlines() or ['npm failed'])[-1]}")
    packed = folder / f"axe-core-{AXE}.tgz"
    assert hashlib.sha256(packed.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(packed) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's report with every section, and its value stream."""
    folder = tmp_path_factory.mktemp("pages")
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
    comparison = lt.compare(lt.lead_times(log, pathway))
    lt.build_report(log, pathway, comparison, language="sv", sections=SECTIONS).to_html(folder / "report.html")
    stream_report(lt.value_stream(log, pathway), log=log).to_html(folder / "value_stream.html")
    return folder


def with_script(page: str, axe: str) -> str:
    """A page that runs axe: its own content policy stays, and lets these two scripts in by their hashes."""
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (axe, HEARD, TOLD))
    page = page.replace("default-src 'none';", f"default-src 'none'; script-src {allowed};")
    return page.replace("</body>", "".join(f"<script>{text}</script>" for text in (HEARD, axe, TOLD)) + "</body>")


def seen(page: str, folder: Path, *, width: int, scheme: str, axe: str) -> Seen:
    """Opens a page at a width. Chromium's window can't be as narrow as a telephone, a frame in it can."""
    shown = folder / "page.html"
    shown.write_text(with_script(page, axe), encoding="utf-8")
    if width < DESK:
        frame = f"<iframe src='page.html' width={width} height=1600 frameborder=0></iframe>"
        outer = f"<!DOCTYPE html><body><script>{HEARD}</script>{frame}</body>"
        shown = folder / "outer.html"
        shown.write_text(outer, encoding="utf-8")
    net = folder / "net.json"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    options += [f"--user-data-dir={folder / 'profile'}", f"--window-size={DESK},1600", "--enable-logging=stderr", "--v=0"]
    options += [f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--log-net-log={net}", "--virtual-time-budget=60000"]
    done = subprocess.run(["chromium", *options, "--dump-dom", shown.as_uri()], capture_output=True, text=True, timeout=180, check=True)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stderr[-2000:]
    found = json.loads(html.unescape(told[1]))
    # Chromium's own requests have no origin, a file's have one that it calls null.
    asked = re.findall(r'"initiator":"(?!not an origin)[^\n]*?"url":"((?!file:)[^"]+)"', net.read_text(encoding="utf-8", errors="replace"))
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(found["width"], found["dark"], found["passes"], found["violations"], found["requests"] + asked, complaints)


@pytest.mark.program("chromium", "npm")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["report", "value_stream"])
def test_a_page_has_no_violation_asks_for_nothing_and_complains_of_nothing(pages, axe, tmp_path, name, width, scheme):
    found = seen((pages / f"{name}.html").read_text(encoding="utf-8"), tmp_path, width=width, scheme=scheme, axe=axe)
    assert (found.width, found.dark) == (width, scheme == "dark")
    assert found.violations == []
    assert found.passes > 20
    assert found.requests == []
    assert found.complaints == []


@pytest.mark.program("chromium", "npm")
def test_a_page_that_breaks_all_three_is_found_out(axe, tmp_path):
    image = "http://127.0.0.1:45999/x.png"
    text = "<p style='color:#999;background:#aaa'>pale</p><script>console.error('unwell')</script>"
    bad = f"<!DOCTYPE html><html><body><img src='{image}'>{text}</body></html>"
    found = seen(bad, tmp_path, width=DESK, scheme="light", axe=axe)
    assert {line.split(":")[0] for line in found.violations} >= {"image-alt", "color-contrast", "html-has-lang", "document-title"}
    assert set(found.requests) == {image}  # by the page, and mostly in Chromium's own log too
    assert any("unwell" in line for line in found.complaints)
