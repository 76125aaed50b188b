"""CSV and TSV: encoding, delimiter and header found or given; every line accounted for.

A well-formed file goes through the engine's own reader, with its times read there and then where all of them are written alike. One with
stray quotes, ragged rows, null bytes or line breaks within cells goes through a careful reader, which rejects the line that can't be
parsed and starts again at the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from leadtime.columns import resolve_some
from leadtime.engine.session import Session
from leadtime.engine.tables import Raw, plain_csv, rows_table, without_guards
from leadtime.errors import InputError, LeadtimeError
from leadtime.files import passing_folder
from leadtime.ingest.source import Options, Source, unique_headers
from leadtime.ingest.text_bytes import as_utf8, certain_encoding, likely_encoding, lines, survey
from leadtime.ingest.text_layout import NAMES, Layout, decimal_sign, layout_of
from leadtime.ingest.text_rows import careful_rows
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["read_text"]

# Spellings that the engine's reader takes as a type of its own, and gives back in the same letters.
_TYPED = {"DATE": re.compile(r"[12]\d{3}-\d\d-\d\d"), "TIMESTAMP": re.compile(r"[12]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d")}
_UNICODE = ("utf-8", "utf-8-sig")


def read_text(session: Session, path: Path, options: Options, kind: str = "csv") -> Source:
    """Gives a text file as a raw table: of texts, but for times that are all written in one plain way."""
    encoding = likely_encoding(path, options.encoding)
    found = _read(session, path, options, kind, encoding)
    if found is None:
        # It isn't the UTF-8 that its beginning promised.
        found = _read(session, path, options, kind, certain_encoding(path))
    if found is None:
        raise InputError(f"'{path}' can't be decoded; save it as UTF-8, or give encoding=")
    return found


def _read(session: Session, path: Path, options: Options, kind: str, encoding: str) -> Source | None:
    """The source in an encoding; none where the file isn't in it after all."""
    layout = layout_of(path, encoding, options, kind)
    headers = unique_headers(_unguarded(layout.header))
    counts: Counter[str] = Counter()
    with passing_folder(options.spill_folder) as folder:
        plain = path if encoding in _UNICODE else as_utf8(path, encoding, folder / "text.csv")
        seen = survey(plain)
        quick = None if seen.lines is None else _quick(session, plain, headers, layout, options, seen.lines)
        if quick is None:
            if options.encoding is None and encoding == "utf-8" and certain_encoding(path) != "utf-8":
                return None
            with closing(lines(path, encoding)) as text:
                raw = rows_table(session, headers, careful_rows(text, layout.delimiter, layout.header, layout.first_line, counts))
        else:
            raw, counts["repeated"] = quick
    if seen.apostrophes:
        raw, counts["guarded"] = without_guards(raw)
    choices = {
        "encoding": encoding,
        "delimiter": NAMES.get(layout.delimiter, layout.delimiter),
        "decimal": decimal_sign(layout.sample, options),
        "header_row": str(layout.header_line),
    }
    clocked = frozenset(header for header in headers if raw.type_of(header) == "TIMESTAMP")
    return Source(raw, path.name, kind, str(path), choices, tuple(_findings(counts)), clocked=clocked)


def _quick(session: Session, path: Path, headers: Sequence[str], layout: Layout, options: Options, lines: int) -> tuple[Raw, int] | None:
    """The table by the engine's own reader, with its times read where they look alike, else as texts; none where it can't be read so."""
    types = _types(headers, layout, options)
    for tried in (types, {}) if types else ({},):
        found = plain_csv(
            session, str(path), headers=headers, types=tried, delimiter=layout.delimiter, first_line=layout.first_line,
            lines=lines - (layout.first_line - 1),
        )  # fmt: skip
        if found is not None:
            return found
    return None


def _types(headers: Sequence[str], layout: Layout, options: Options) -> dict[str, str]:
    """The types of the events' times, where the first rows have all of them in one plain spelling; else none."""
    try:
        roles = resolve_some(headers, options.columns).roles
    except LeadtimeError:
        return {}  # told where the roles are settled
    found: dict[str, str] = {}
    for role in ("start", "end"):
        if role not in roles:
            continue
        place = headers.index(roles[role])
        texts = [cells[place] for cells in layout.sample if place < len(cells) and cells[place]]
        kinds = [kind for kind, spelling in _TYPED.items() if texts and all(spelling.fullmatch(text) for text in texts)]
        if not kinds:
            return {}
        found[roles[role]] = kinds[0]
    return found


def _unguarded(cells: Sequence[str]) -> list[str]:
    """Header cells without the apostrophe that keeps a spreadsheet from taking them for formulas."""
    return [cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell for cell in cells]


def _findings(counts: Counter[str]) -> list[Finding]:
    codes = {"repeated": "repeated-header", "short": "short-rows", "guarded": "guarded-text"}
    return [finding(code, counts[key]) for key, code in codes.items() if counts[key]]
