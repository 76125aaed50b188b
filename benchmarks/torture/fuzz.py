"""Fuzzing of the readers and of the parsers of dates and durations: with atheris where it is installed, else by seeded mutation.

Anything that escapes but the library's own errors is a crash; so is a row that is neither kept nor rejected, and a date or an amount that
isn't the same when it is read again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from common import ROOT, Figure, environment, written
from malformed import KINDS, broken_bytes, outcome

DATES = (
    "2019-03-05", "5/3 2019", "05.03.19", "våren 2022", "årsskiftet 2021/2022", "v 10 2021", "2021-04", "14 mars 2019 kl 8.30",
    "43529", "20190305", "2019-03-05T08:30:00.123456+02:00", "mitten av maj 2020", "1-3 mars 2019", "den 3:e maj 2021", "Q3 2021",
)  # fmt: skip
AMOUNTS = ("2 år 2,5 mån", "26.5 months", "8 1/2 månad", "2y 2.5mo", "½ år", "3 veckor", "60 dagar", "1.000,5 dagar", "2 years 2.5 months")


def parsed_date(content: bytes) -> None:
    """A text is a date with its bounds in order, or none."""
    import leadtime as lt
    from leadtime.durations import parse_date, read_dates, read_moment

    text = content.decode("utf-8", "surrogateescape")
    for order in ("dmy", "mdy", None):
        try:
            found = parse_date(text, date_order=order)  # type: ignore[arg-type]
        except lt.LeadtimeError:
            continue
        assert found.earliest <= found.latest, "the earliest day is after the latest"
    for read in (lambda: read_moment(text), lambda: read_dates([text, "2019-03-05"])):
        with contextlib.suppress(lt.LeadtimeError):
            read()


def parsed_amount(content: bytes) -> None:
    """A text is an amount of at least no days that can be written and read again, or none."""
    import leadtime as lt
    from leadtime.durations import parse_duration, split_duration

    try:
        days = parse_duration(content.decode("utf-8", "surrogateescape"))
        assert days >= 0, "less than nothing"
        split_duration(days)
    except lt.LeadtimeError:
        return


def read_file(kind: str, folder: Path) -> Callable[[bytes], None]:
    """Content read as a file of a format."""
    path = folder / f"fuzzed{KINDS[kind][0]}"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        said = outcome(path) if content else "refused"
        assert not said.startswith("crash"), said

    return read


def target(name: str, folder: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """What is called, and what it begins with."""
    if name == "dates":
        return parsed_date, [text.encode() for text in DATES]
    if name == "amounts":
        return parsed_amount, [text.encode() for text in AMOUNTS]
    return read_file(name, folder), [written(folder, KINDS[name][0]).read_bytes()]


TARGETS = ("dates", "amounts", *KINDS)


def by_mutation(call: Callable[[bytes], None], begin: list[bytes], seconds: float, seed: int) -> int:
    """Mutated beginnings, until the time is over; gives how many. What is read well is mutated further."""
    draw, until, runs = random.Random(seed), time.monotonic() + seconds, 0
    pool = list(begin)
    while time.monotonic() < until:
        content = broken_bytes(draw.choice(pool), draw)
        if len(content) < 200 and draw.random() < 0.3:
            content += draw.choice(pool)[: draw.randrange(20)]
        try:
            call(content)
        except Exception as error:
            print(f"crash: {type(error).__name__}: {' '.join(str(error).split())[:160]}: {content[:60]!r}")
        runs += 1
        if len(pool) < 500:
            pool.append(content)
    return runs


def by_atheris(call: Callable[[bytes], None], begin: list[bytes], seconds: float, seed: int, folder: Path) -> None:
    """Coverage of leadtime's own code leads the way; ends the process."""
    import atheris

    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate(begin):
        (corpus / str(number)).write_bytes(content)
    options = [
        f"-max_total_time={max(1, round(seconds))}",
        f"-seed={seed + 1}",
        "-timeout=120",  # of wall time, on a machine that may be busy
        "-rss_limit_mb=4096",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], str(corpus), *options], call)
    atheris.Fuzz()


def fuzz(seconds: float, seed: int = 0, targets: tuple[str, ...] = TARGETS) -> list[Figure]:
    """Fuzzes each target for its part of the time."""
    runs, wrong = 0, []
    with_atheris = importlib.util.find_spec("atheris") is not None
    for name in targets:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, name, str(seconds / len(targets)), str(seed), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(Path(folder)), errors="replace")
            inputs = [path.read_bytes() for what in ("crash", "timeout", "oom") for path in sorted(Path(folder).glob(f"{what}-*"))]
        said = done.stdout + done.stderr
        found = re.findall(r"(?:Done|runs:?) (\d+)", said)
        runs += int(found[-1]) if found else 0
        wrong += [f"{name}: {line}" for line in said.splitlines() if line.startswith("crash: ")]
        if done.returncode and not any(one.startswith(f"{name}: ") for one in wrong):
            raised = said.rpartition("Uncaught Python exception: ===")[2] if "Uncaught Python exception" in said else said[-300:]
            wrong.append(f"{name}: ended with {done.returncode}: {' '.join(raised.split())[:300]}: {inputs[:1]!r:.300}")
    how = "led by coverage (atheris)" if with_atheris else "by seeded mutation (atheris isn't installed)"
    return [Figure("inputs fuzzed", runs, tuple(wrong), f"{', '.join(targets)}; {how}")]


def main() -> None:
    name, seconds, seed, folder = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    if importlib.util.find_spec("atheris") is None:
        call, begin = target(name, folder)
        print("runs:", by_mutation(call, begin, seconds, seed))
        return
    import atheris

    with atheris.instrument_imports(include=["leadtime"]):
        import leadtime.cases
        import leadtime.durations
        import leadtime.ingest  # noqa: F401
    call, begin = target(name, folder)
    by_atheris(call, begin, seconds, seed, folder)


if __name__ == "__main__":
    main()
