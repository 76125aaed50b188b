"""The last look at a finished file: nothing of a single person may stand in it, whatever the tables before it were.

What is read is the file's own bytes, workbook XML or page, as a reader with an unzip program sees them.
Source: DEFINITIONS 5.3.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.errors import DisclosureError, counted
from leadtime.log import EventLog
from leadtime.privacy import find_personal_numbers

__all__ = ["Guard", "stated", "texts_of"]

_DAY_US = 86_400_000_000
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r'\b(?:alt|title|descr|name|content|aria-label|display|location|formula1)="([^"]*)"')
_STYLE = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_WORD = re.compile(r"[^\s,;:()\[\]\"“”]+")
# An id of fewer signs, or of few digits only, is a number or word that a report holds anyway.
_SHORTEST, _SHORTEST_NUMBER = 4, 6
_LONGEST = 3  # words in an id


@dataclass(frozen=True, eq=False)
class Guard:
    """What a report of a log may not show.

    `dates` are those that the report states on purpose (ISO, as in the end of observation), `words` what it names on purpose (cohorts,
    activities); a day on which fewer than `threshold` cases have an event may not be shown. With a threshold of 1 only personal
    numbers count.
    """

    log: EventLog
    threshold: int
    dates: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def look(self, content: bytes) -> None:
        """Refuses a file that shows a personal number, a case id of the log, or a date of few cases.

        Args:
            content: the bytes of a workbook or a page.

        Raises:
            DisclosureError: with what was found, never with its value.
        """
        texts = list(dict.fromkeys(texts_of(content)))
        if any(find_personal_numbers(text) for text in texts):
            raise DisclosureError(
                "the report would show a personal number, so it wasn't written; take it out of the names in the log or pathway"
            )
        if self.threshold > 1:
            self._look_for_cases(texts)
            self._look_for_dates(texts)

    def _look_for_cases(self, texts: Iterable[str]) -> None:
        found = sorted({run for text in texts for run in _runs(text) if _may_be_an_id(run)} - self.words)
        if not found:
            return
        named = self.log.session.from_rows(("case_id",), [(run,) for run in found], {"case_id": "VARCHAR"})
        numbers = self.log.coded.numbers
        cases = self.log.frame if numbers is None else numbers
        shown = self.log.session.count(distinct(cases.select("case_id").join(named, on="case_id", how="semi"), "case_id"))
        if shown:
            raise DisclosureError(
                f"the report would show the ids of {counted(shown, 'case')}, so it wasn't written; an activity, cohort or unit is "
                "named as a case is: rename it"
            )

    def _look_for_dates(self, texts: Iterable[str]) -> None:
        days = {(day - date(1970, 1, 1)).days: day.isoformat() for text in texts for day in _days(text)}
        asked = [number for number, iso in days.items() if iso not in self.dates]
        if not asked:
            return
        events = self.log.frame.select("case_id", day=nw.col("start_wall_us") // _DAY_US).filter(nw.col("day").is_in(asked))
        cases = events.group_by("day").agg(cases=nw.col("case_id").n_unique())
        few = self.log.session.collect(cases.filter(nw.col("cases") < self.threshold))["day"].tolist()
        if few:
            raise DisclosureError(
                f"the report would show {days[min(few)]}, a day on which fewer than {self.threshold} cases have an event, so it wasn't "
                "written; take the date out of the names in the log or pathway"
            )


def texts_of(content: bytes) -> Iterator[str]:
    """Gives every text of a workbook (all parts of its package) or a page: what stands between tags, and what attributes say."""
    if not content.startswith(b"PK"):
        yield from _plain(content.decode())
        return
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            yield from _plain(package.read(name).decode(errors="replace"))


def _plain(markup: str) -> Iterator[str]:
    markup = _STYLE.sub("", markup)
    for text in (*_ATTRIBUTE.findall(markup), *_TAG.split(markup)):
        said = html.unescape(text).strip()
        if said:
            yield said


def _runs(text: str) -> Iterator[str]:
    """The text itself, and its words by themselves and in runs, without the full stop of a sentence; a number alone is a result.

    None of a text without a digit: no run of it may be an id.
    """
    if text.isdigit() or _DIGIT.search(text) is None:
        return
    yield text
    words = _WORD.findall(text)
    for length in range(1, _LONGEST + 1):
        for start in range(len(words) - length + 1):
            run = " ".join(words[start : start + length])
            yield run
            yield run.rstrip(".")


def _may_be_an_id(text: str) -> bool:
    """Whether a text is so much of its own that it can only be a case's id: it has digits, and enough signs."""
    if len(text) < _SHORTEST or _DIGIT.search(text) is None or _DATE.fullmatch(text):
        return False
    digits = len(_DIGIT.findall(text))
    return digits < len(text.replace(" ", "")) or digits >= _SHORTEST_NUMBER


def _days(text: str) -> Iterator[date]:
    for year, month, day in _DATE.findall(text):
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:  # digits that are no date
            continue


def stated(values: Collection[str]) -> frozenset[str]:
    """Gives the dates among texts that a report states on purpose."""
    return frozenset(day.isoformat() for value in values for day in _days(value))
