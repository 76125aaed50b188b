"""Files that were good: workbooks broken at the level of the zip and of its XML, text, XES and Parquet broken at the level of bytes.

Each is read in a child process. It is refused with one of the library's own errors, or read with every row accounted for: rows read are
rows kept and rows rejected. All else is a crash, as is a reading that takes over twenty seconds.
"""

from __future__ import annotations

import io
import json
import random
import re
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

from common import ROOT, SAMPLE, Figure, numbered, written

LONGEST = 20
WEIRD = (
    b"", b"-1", b"0", b"1e309", b"99999999999999999999", b"NaN", b"XFE1048577", b"A0", b"A1:A", b"#REF!", b"&#0;", b"&amp;", b"\xff\xfe",
    b"../../x", b"x" * 40_000, b"2019-02-30", b"inlineStr", b"s", b"e", b"d", b"b", b"n", b"true", b"rId999", b"general", b"1900-02-29",
    b"\x00", b"<x/>",
)  # fmt: skip
SPOILERS = (*WEIRD, b'"', b"\n", b"\r", b";", b",", b"\t", b"\xef\xbb\xbf", b"'", b"\x1a", b"\xc3")
_TAG = re.compile(rb"<[^<>]{1,400}>")
_ATTRIBUTE = re.compile(rb'="([^"]{0,200})"')
_TEXT = re.compile(rb">([^<>]{1,200})<")


def broken_bytes(content: bytes, draw: random.Random) -> bytes:
    """Some bytes changed, gone, repeated or put in."""
    made = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16, 64))):
        place, length = draw.randrange(len(made) + 1), draw.choice((1, 1, 2, 8, 64, 512))
        piece = bytes(made[place : place + length])
        changes = (
            (length, draw.randbytes(1)), (length, b""), (0, piece), (0, draw.choice(SPOILERS)),
            (1, bytes(one ^ 1 << draw.randrange(8) for one in piece[:1])),
        )  # fmt: skip
        gone, new = draw.choice(changes)
        made[place : place + gone] = new
    return bytes(made[: draw.randrange(len(made) + 1)] if draw.random() < 0.05 else made)


def broken_xml(content: bytes, draw: random.Random) -> bytes:
    """A tag, an attribute or a text changed, gone or repeated; or what no workbook may hold put in."""
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        pattern = draw.choice((_TAG, _ATTRIBUTE, _ATTRIBUTE, _TEXT, _TEXT))
        found = list(pattern.finditer(content, 0, 2_000_000))
        if not found:
            continue
        one = draw.choice(found)
        group = 0 if pattern is _TAG else 1
        start, end = one.span(group)
        if pattern is _TAG:
            other = draw.choice(found)[0]
            new = draw.choice((b"", one[0] * 2, other, b"<!-- -->", b"<a>" * 2000, b"<![CDATA[x", b"<?x?>"))
        else:
            new = draw.choice((*WEIRD, draw.choice(found)[1]))
        content = content[:start] + new + content[end:]
    if draw.random() < 0.1:
        spoiled = (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + content, content[: draw.randrange(len(content) + 1)],
            re.sub(rb"(?i)utf-8", b"utf-16", content, count=1), b"", content.decode("utf-8", "replace").encode("utf-16"),
        )  # fmt: skip
        content = draw.choice(spoiled)
    return content


def broken_zip(content: bytes, draw: random.Random) -> bytes:
    """A workbook whose package or one of whose parts is broken."""
    if draw.random() < 0.25:
        return broken_bytes(content, draw)
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        parts = [(name, source.read(name)) for name in source.namelist()]
    weights = [4 if "sheet" in name or "shared" in name.lower() or "workbook" in name else 1 for name, _ in parts]
    place = draw.choices(range(len(parts)), weights)[0]
    name, part = parts[place]
    kind = draw.randrange(10)
    if kind == 0:
        del parts[place]
    elif kind == 1:
        parts.append(draw.choice(parts))
    elif kind == 2:
        parts[place] = (draw.choice(("../x.xml", "/x", "xl/worksheets/sheet1.xml", "xl\\workbook.xml", "")), part)
    elif kind == 3:
        parts[place] = (name, draw.choice(parts)[1])
    else:
        parts[place] = (name, broken_xml(part, draw))
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", draw.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as target:
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, part in parts:
            target.writestr(name or "-", part)
    return made.getvalue() if draw.random() < 0.9 else broken_bytes(made.getvalue(), draw)


KINDS = {"xlsx": (".xlsx", broken_zip), "csv": (".csv", broken_bytes), "xes": (".xes", broken_xml), "parquet": (".parquet", broken_bytes)}


def good(folder: Path, kind: str) -> list[bytes]:
    """The files to break."""
    found = [written(folder, KINDS[kind][0]).read_bytes()]
    if kind == "xlsx":
        from leadtime.report.template import write_template

        write_template(folder / "template.xlsx")
        found += [(folder / "template.xlsx").read_bytes(), (SAMPLE / "events_messy.xlsx").read_bytes()]
    if kind == "csv":
        lines = (SAMPLE / "events.csv").read_bytes().splitlines(keepends=True)[:200]
        found += [b"".join(lines), b"".join(lines).replace(b",", b";").decode().encode("cp1252")]
    return found


def outcome(path: Path) -> str:
    """Reads a file and says what became of it."""
    import leadtime as lt

    try:
        log = lt.read_log(path, timezone="Europe/Stockholm")
        quality = log.quality
        read, kept, rejected = quality.rows_read, quality.rows_kept, quality.rows_rejected
        if read != kept + rejected or sum(quality.rejected_by_reason.values()) != rejected:
            return f"crash: {read} rows read, {kept} kept, {rejected} rejected"
        if len(log.rejected.rows) != rejected or len(log) > kept:
            return f"crash: {len(log.rejected.rows)} rows listed of {rejected} rejected; {len(log)} events of {kept} rows"
        lt.lead_times(log).to_pandas()
    except lt.LeadtimeError as error:
        return "refused" if "\n" not in str(error) and str(error) else "crash: an error of several lines, or of none"
    except Exception as error:
        return f"crash: {type(error).__module__}.{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    return "read"


def tries(counts: dict[str, int], seed: int, folder: Path, begin: int) -> None:
    """Breaks and reads files by number, one kind after the other; each says that it is begun, for one may end the process."""
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")

    def too_long(*_: object) -> None:
        raise TimeoutError("too long")

    signal.signal(signal.SIGPROF, too_long)
    jobs = [(kind, number) for kind, count in counts.items() for number in range(count)]
    sources: dict[str, list[bytes]] = {}
    for place, (kind, number) in list(enumerate(jobs))[begin:]:
        ending, break_ = KINDS[kind]
        sources[kind] = sources.get(kind) or good(folder, kind)
        draw, path = random.Random(f"{kind} {seed} {number}"), folder / f"broken{ending}"
        path.write_bytes(break_(draw.choice(sources[kind]), draw))
        print(place, "begun", flush=True)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)  # of processor time: the machine may be busy
        before = time.process_time()
        try:
            said = outcome(path)
        except TimeoutError:
            said = "crash: too slow"
        signal.setitimer(signal.ITIMER_PROF, 0)
        spent = time.process_time() - before
        print(place, f"crash: {spent:.0f} s" if spent > LONGEST else said, flush=True)


def malformed(counts: dict[str, int], seed: int = 0) -> list[Figure]:
    """Breaks and reads so many files of each kind."""
    jobs = [(kind, number) for kind, count in counts.items() for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        said = list(numbered("malformed.py", [seed, name, json.dumps(counts)], len(jobs), Path(name)))
    return [_figure(kind, seed, [(jobs[place][1], text) for place, text in said if jobs[place][0] == kind]) for kind in counts]


def _figure(kind: str, seed: int, said: list[tuple[int, str]]) -> Figure:
    crashes = tuple(f"{kind} {seed} {number}: {text}" for number, text in said if text.startswith("crash"))
    kinds = Counter(text for _, text in said if not text.startswith("crash"))
    note = f"{kinds['refused']} refused by name, {kinds['read']} read with all rows accounted for"
    return Figure(f"broken {kind} files", len(said), crashes, note)


if __name__ == "__main__":
    tries(json.loads(sys.argv[3]), int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[4]))
