"""The notebooks run from the top, in this environment, and show what is committed; they hold nothing of the machine that ran them.

`LEADTIME_RENEW_NOTEBOOKS=1 python -m pytest tests/test_notebooks.py` runs them and writes their outputs anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbclient
import nbformat
import pandas as pd
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


class OwnKernel(AsyncKernelManager):
    """The kernel of the running environment, whatever else is installed under the name python3: no other folder is searched."""

    def __init__(self, **options):
        super().__init__(**options, kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))


def executed(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """Runs a notebook from the top, as if opened in its own folder, with this Python and this library; nobody's own settings get in."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    notebook = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": str(path.parent)}}
    options = {"kernel_manager_class": OwnKernel, "kernel_name": "python3", "record_timing": False, "coalesce_streams": True}
    client = nbclient.NotebookClient(notebook, resources=here, timeout=300, **options)
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: nbformat.NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """What a cell shows: its text, and of pictures and tables in HTML only that they are there."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        text = output["text"] if output.output_type == "stream" else data.get("text/plain", "")
        found.append((output.get("name", output.output_type), text, tuple(sorted(set(data) - {"text/plain"}))))
    return found


def pinned(name: str) -> str:
    versions = re.search(rf"^{name}==(\S+)", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions
    return versions[1]


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS][:1] == ["01_before_after.ipynb"]


@pytest.mark.slow
@every_notebook
def test_a_notebook_runs_and_shows_what_is_committed(path, tmp_path, monkeypatch):
    committed = nbformat.read(path, as_version=4)
    renewed = executed(path, tmp_path, monkeypatch)
    if os.environ.get("LEADTIME_RENEW_NOTEBOOKS") == "1":
        path.write_text(nbformat.writes(renewed, indent=1) + "\n", encoding="utf-8")
        pytest.skip(f"wrote the outputs of {path.name} anew")
    if pd.__version__ != pinned("pandas"):
        pytest.skip(f"ran without error; outputs are compared with pandas {pinned('pandas')} only, and this is {pd.__version__}")
    for before, after in zip(code_cells(committed), code_cells(renewed), strict=True):
        assert shown(after) == shown(before), before.source


@every_notebook
def test_a_committed_notebook_ran_once_from_the_top_and_bears_no_trace_of_a_machine(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert notebook.metadata == METADATA
    assert {key for cell in notebook.cells for key in cell.metadata} == set()
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert {output.name for output in outputs if output.output_type == "stream"} <= {"stdout"}
    words = "\n".join(text for cell in cells for _, text, _ in shown(cell))
    assert "Warning" not in words
    assert not re.search(r"0x[0-9a-f]{6,}", words), "an address in memory differs from run to run"


@every_notebook
def test_a_notebook_says_that_its_data_are_synthetic(path):
    first = nbformat.read(path, as_version=4).cells[0].source
    assert "synthetic" in first


def test_a_changed_figure_would_be_seen():
    notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
    cell = next(cell for cell in code_cells(notebook) if "headline" in cell.source)
    before = shown(cell)
    cell.outputs[0]["text"] = cell.outputs[0]["text"].replace("8.5", "8.6")
    assert shown(cell) != before
