"""Files as a whole or not at all, and nothing beside them: drafts and temporary folders are private, and never stay."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime.files import draft_of, passing_folder, private_folder, remover, write_whole

ROOT = Path(__file__).resolve().parents[1]
posix = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def small_log() -> lt.EventLog:
    return lt.read_log(pd.DataFrame({"case_id": ["a", "b"], "activity": ["x", "y"], "start": ["2019-03-05", "2019-03-08"]}))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@posix
def test_a_draft_is_its_owners_alone_and_the_file_is_for_whom_new_files_are(tmp_path: Path) -> None:
    """Threat T6."""
    before = os.umask(0o022)
    try:
        with draft_of(tmp_path / "report.html") as draft:
            draft.write_bytes(b"figures")
            assert mode(draft) == 0o600
            assert draft.parent == tmp_path
        assert mode(tmp_path / "report.html") == 0o644
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_what_fails_midway_leaves_the_former_file_and_nothing_else(tmp_path: Path) -> None:
    """Threat T5."""
    target = tmp_path / "report.html"
    target.write_bytes(b"former")

    def failing() -> None:
        with draft_of(target) as draft:
            draft.write_bytes(b"half")
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        failing()
    assert target.read_bytes() == b"former"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_goes_as_its_file_gets_its_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat T5."""
    target, replaced = tmp_path / "out" / "report.html", os.replace
    target.parent.mkdir()

    def replace(source: Path, to: Path) -> None:
        replaced(source, to)
        shutil.rmtree(target.parent)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(lt.errors.ResourceError, match=r"report\.html' was written and is gone again"):
        write_whole(target, b"whole")


def test_ctrl_c_midway_leaves_the_former_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.html").write_bytes(b"former")

    def stopped(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "report.html", b"new")
    assert (tmp_path / "report.html").read_bytes() == b"former"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


KILLED = """
import os, sys
from leadtime.files import draft_of, private_folder
with draft_of(sys.argv[1] + "/report.html") as draft:
    draft.write_bytes(b"half")
    (private_folder("scratch", sys.argv[1]) / "events.csv").write_bytes(b"events of children")
    os._exit(9)
"""


@posix
def test_what_a_killed_run_left_goes_with_the_next_and_what_lives_stays(tmp_path: Path) -> None:
    """Threat T6."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert len(list(tmp_path.iterdir())) == 2
    alive = private_folder("scratch", tmp_path)
    (tmp_path / "leadtime-scratch.txt").touch()  # of somebody else
    with draft_of(tmp_path / "other.html") as mine:
        write_whole(tmp_path / "report.html", b"whole")
        assert mine.exists()
    with passing_folder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {alive.name, "leadtime-scratch.txt", "other.html", "report.html"}


@posix
def test_temporary_folders_are_private_and_go_with_their_maker_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat T6."""
    made = private_folder("spill", tmp_path)
    assert mode(made) == 0o700
    remove, real = remover(made), os.getpid
    monkeypatch.setattr(os, "getpid", lambda: real() + 1)  # as in a fork that ends
    remove()
    assert made.exists()
    monkeypatch.undo()
    remove()
    assert not made.exists()


def test_concurrent_writers_to_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    """Threat T5."""
    target = tmp_path / "report.html"
    texts = [bytes([65 + number]) * 400_000 for number in range(6)]
    seen = set()
    threads = [threading.Thread(target=lambda text=text: [write_whole(target, text) for _ in range(5)]) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if target.exists():
            seen.add(target.read_bytes())
    assert seen | {target.read_bytes()} <= set(texts)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_concurrent_runs_of_processes_to_one_folder_leave_one_of_their_reports(tmp_path: Path) -> None:
    code = (
        "import sys; from leadtime.files import write_whole\nfor _ in range(40): write_whole(sys.argv[1], sys.argv[2].encode() * 300_000)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "report.html"), text], env=environment) for text in "abc"]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert (tmp_path / "report.html").read_bytes() in {text.encode() * 300_000 for text in "abc"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


class TestNamedErrors:
    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(lt.InputError, match="make it first"):
            write_whole(tmp_path / "none" / "report.html", b"")

    def test_a_name_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(lt.ResourceError, match="can't be written: File name too long"):
            write_whole(tmp_path / ("r" * 300 + ".html"), b"")
        assert list(tmp_path.iterdir()) == []

    def test_a_name_as_long_as_a_name_may_be(self, tmp_path: Path) -> None:
        write_whole(tmp_path / ("r" * 250 + ".html"), b"x")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x"]

    @posix
    def test_a_folder_that_goes_meanwhile(self, tmp_path: Path) -> None:
        place = tmp_path / "out"
        place.mkdir()

        def gone() -> None:
            with draft_of(place / "report.html") as draft:
                draft.unlink()
                place.rmdir()

        with pytest.raises(lt.ResourceError, match="No such file or directory"):
            gone()

    @pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EIO"])
    def test_a_disk_that_is_full_or_may_not_be_written_to(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str) -> None:
        """Threat T5."""
        import errno

        number = getattr(errno, error)

        def failing(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        (tmp_path / "report.html").write_bytes(b"former")
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(lt.ResourceError, match=r"report\.html' can't be written: .+; choose another folder"):
            write_whole(tmp_path / "report.html", b"new")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"former"]

    @posix
    def test_a_quota_that_ends_within_a_workbook_of_events(self, tmp_path: Path) -> None:
        """Threat T5. The XML library that openpyxl writes by raises an error of its own, which would pass for a bug."""
        import resource
        import signal

        log, target = small_log(), tmp_path / "log.xlsx"
        target.write_bytes(b"former")
        before, handled = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
        try:
            with pytest.raises(lt.ResourceError, match=r"log\.xlsx' can't be written: File too large"):
                lt.write_log(log, target)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handled)
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"former"]

    @pytest.mark.parametrize("named", [True, False])
    def test_a_folder_that_cannot_be_looked_into_is_no_bug_of_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, named: bool
    ) -> None:
        """Threat T5."""
        import errno

        from leadtime.cli import main

        def refusing(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", *(["/out"] if named else []))

        monkeypatch.setattr("leadtime.report.template.write_template", refusing)
        assert main(["template", "--out", str(tmp_path / "template.xlsx")]) == 1
        what = "'/out'" if named else "a file"
        told = f"leadtime: {what} can't be read or written: Permission denied; look at the rights, at the disk and at the room there\n"
        assert capsys.readouterr().err == told

    def test_no_place_for_temporary_files(self, tmp_path: Path) -> None:
        with pytest.raises(lt.ResourceError, match="name another with spill_folder="):
            private_folder("spill", tmp_path / "none")


def test_no_writer_leaves_a_temporary_file_even_if_killed_between(temporary: Path, tmp_path: Path) -> None:
    """Nothing passes through a temporary file that the next run wouldn't clear: all stand in folders named for their process."""
    made: list[str] = []
    real = tempfile.NamedTemporaryFile

    def seen(*given: object, **options: object) -> object:
        made.append(str(options))
        return real(*given, **options)  # type: ignore[call-overload]

    import openpyxl.worksheet._writer as writer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "NamedTemporaryFile", seen)
        log = small_log()
        for ending in (".csv", ".xlsx", ".xes", ".parquet"):
            lt.write_log(log, tmp_path / f"log{ending}")
        lt.build_report(log, None).to_excel(tmp_path / "report.xlsx")
    assert made == []
    assert all(path.name.startswith("leadtime-spill-") for path in temporary.iterdir())


@posix
def test_the_engines_spill_is_in_a_private_folder(tmp_path: Path) -> None:
    """Threat T6."""
    log = lt.read_log(pd.DataFrame({"case_id": ["a"], "activity": ["x"], "start": ["2019-03-05"]}), spill_folder=tmp_path)
    place = Path(log.session.rows("SELECT current_setting('temp_directory')")[0][0])  # type: ignore[attr-defined]
    assert place.parent == tmp_path
    assert mode(place) == 0o700


@posix
def test_a_decoded_copy_of_a_log_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that isn't UTF-8 is read by way of a copy (threat T6)."""
    import leadtime.ingest.text as text

    seen = []
    real = text.as_utf8

    def looked(path: Path, encoding: str, target: Path) -> Path:
        seen.append((mode(target.parent), target.parent.parent))
        return real(path, encoding, target)

    monkeypatch.setattr(text, "as_utf8", looked)
    source, spill = tmp_path / "log.csv", tmp_path / "spill"
    spill.mkdir()
    source.write_bytes("case_id,activity,start\nå,Besök,2019-03-05\n".encode("cp1252"))
    log = lt.read_log(source, spill_folder=spill)
    assert log.to_pandas()["case_id"].tolist() == ["å"]
    assert seen == [(0o700, spill)]
    assert all(path.name.startswith("leadtime-spill-") for path in spill.iterdir())
