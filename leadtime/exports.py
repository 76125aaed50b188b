"""A table as CSV, Markdown or LaTeX, in which no text from data becomes live: no formula, no link, no markup.

The texts of any file pass through `plain_text`; what a spreadsheet would take for a formula is known to `looks_live` alone.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leadtime.errors import UsageError

__all__ = ["csv_bytes", "latex_text", "looks_live", "markdown_text", "plain_text"]

LONGEST = 32_000  # a workbook's cell holds 32,767 characters
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_BROKEN = re.compile("[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# What stands unseen before a sign doesn't keep a spreadsheet from taking it for the start of a formula; the wide signs count as well.
_LIVE = re.compile("[\\s'\u200b-\u200f\u2060\ufeff]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_LINE = re.compile(r"[ \t]*[\r\n\v\f\x85\u2028\u2029]+[ \t]*")

_MARKDOWN = re.compile(r"[\\`*{}\[\]|#$~^!@]|(?<!\w)_|_(?!\w)|(?<=\w):(?=//)|(?<=www)\.|(?<=WWW)\.")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\symbol{34}", "[": "{[}", "*": "{*}",
}  # fmt: skip
Cells = Sequence[Any]


def plain_text(text: str) -> str:
    r"""Gives a text that any file can hold: control characters are shown by their pictures, what is no character by the sign for that.

    >>> plain_text("=1+1\x00"), plain_text("a\tb")
    ('=1+1␀', 'a␉b')
    """
    shown = _CONTROL.sub(lambda found: chr(0x2421 if found[0] == "\x7f" else 0x2400 + ord(found[0])), text)
    shown = _BROKEN.sub("\ufffd", shown)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def looks_live(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula or a command.

    >>> looks_live("=1+1"), looks_live(" @SUM(A1)"), looks_live("BVC - team")
    (True, True, False)
    """
    return _LIVE.match(text) is not None


@dataclass(frozen=True)
class _Manner:
    """How a language writes numbers."""

    decimal: str

    def number(self, value: float, *, digits: int | None = None) -> str:
        """A number with all its digits, or with so many that count; blank where it is none."""
        if isinstance(value, float) and not math.isfinite(value):
            return ""
        written = f"{value:.{digits}g}" if digits and isinstance(value, float) else repr(value)
        return written.replace(".", self.decimal)


def csv_bytes(columns: Sequence[str], rows: Iterable[Cells], *, language: str = "en") -> bytes:
    r"""Gives a table as the bytes of a CSV file that a spreadsheet of that language opens as it should: UTF-8 with its mark.

    Numbers keep all their digits; in a language with a decimal comma cells are parted by semicolons. None is blank, yes and no are true
    and false. A text that a spreadsheet would take for a formula gets an apostrophe before it, which `read_log` takes away.

    Raises:
        UsageError: the language isn't known.

    Source:
        OWASP, "CSV Injection".

    >>> csv_bytes(("unit", "days"), [("=1+1", 2.5), ("BVC", None)], language="sv").decode("utf-8-sig")
    "unit;days\r\n'=1+1;2,5\r\nBVC;\r\n"
    """
    manner = _manner(language)
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=";" if manner.decimal == "," else ",")
    for row in (columns, *rows):
        writer.writerow([_typed(_text(value, manner, digits=None), value) for value in row])
    return made.getvalue().encode("utf-8-sig")


def markdown_text(columns: Sequence[str], rows: Iterable[Cells], *, language: str = "en") -> str:
    """Gives a table in Markdown, numbers to the right with six digits that count; every text is escaped.

    Raises:
        UsageError: the language isn't known.

    >>> print(markdown_text(("unit", "days"), [("<b>", 2.5), ("BVC", None)]))
    | unit | days |
    |:--|--:|
    | &lt;b&gt; | 2.5 |
    | BVC |  |
    """
    body = [list(row) for row in rows]
    marks = ["--:" if right else ":--" for right in _numeric(body, len(columns))]
    lines = [_joined(row, language, _markdown, " | ") for row in (columns, *body)]
    return "\n".join([f"| {lines[0]} |", f"|{'|'.join(marks)}|", *(f"| {line} |" for line in lines[1:])])


def latex_text(columns: Sequence[str], rows: Iterable[Cells], *, language: str = "en") -> str:
    r"""Gives a table in LaTeX (with the package booktabs), numbers to the right with six digits that count; every text is escaped.

    Raises:
        UsageError: the language isn't known.

    >>> print(latex_text(("unit", "share_%"), [("BVC & co", 2.5)], language="sv"))
    \begin{tabular}{lr}
    \toprule
    unit & share\_\% \\
    \midrule
    BVC \& co & 2,5 \\
    \bottomrule
    \end{tabular}
    """
    body = [list(row) for row in rows]
    kinds = "".join("r" if right else "l" for right in _numeric(body, len(columns)))
    head, *lines = [_joined(row, language, _latex, " & ") + r" \\" for row in (columns, *body)]
    return "\n".join([rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"])


def _joined(row: Cells, language: str, escape: Callable[[str], str], between: str) -> str:
    manner = _manner(language)
    return between.join(
        escape(_LINE.sub(" ", _text(value, manner, digits=6))) if not _is_number(value) else _text(value, manner, digits=6) for value in row
    )


def _manner(language: str) -> _Manner:
    """How a language writes numbers, as Babel knows it."""
    from babel import Locale, UnknownLocaleError

    try:
        symbols = Locale.parse(language).number_symbols
    except (UnknownLocaleError, ValueError, TypeError):
        raise UsageError(f"language '{language}' isn't known; use the code of one, as 'en' or 'sv'") from None
    return _Manner(str(symbols.get("latn", symbols)["decimal"]))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Any, manner: _Manner, *, digits: int | None) -> str:
    """A value as text: a number in the language's manner, nothing where there is none."""
    value = value.item() if hasattr(value, "item") else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return manner.number(value, digits=digits) if isinstance(value, (int, float)) else plain_text(str(value))


def _typed(text: str, value: object) -> str:
    """A cell of a CSV file: what looks like a formula begins with an apostrophe, as if typed; a negative number is none."""
    return text if _is_number(value) or not looks_live(text) else f"'{text}"


def _numeric(rows: Sequence[Cells], width: int) -> list[bool]:
    """Which columns hold numbers only."""
    held = [[row[place] for row in rows if row[place] is not None] for place in range(width)]
    return [bool(values) and all(_is_number(value) for value in values) for values in held]


def _markdown(text: str) -> str:
    """A text whose signs are only signs: no emphasis, link, formula, code or HTML; addresses aren't made into links either."""
    escaped = _MARKDOWN.sub(lambda found: f"\\{found[0]}", text)
    return "".join(_HTML.get(sign, sign) for sign in escaped)


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)
