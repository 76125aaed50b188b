"""Writes docs/glossary.md, the words of the field and of both catalogues: `python docs/glossary.py`; a test keeps the page true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leadtime.words import words

PAGE = Path(__file__).with_name("glossary.md")

# Swedish, English, what it is.
FIELD = (
    ("avbrott, uppehåll", "pause", "time that the family chose or that health demands, taken off the clock where a rule says so"),
    ("avslutad", "stopped, finished", "the clock has reached a stop milestone"),
    ("barnhälsovård (BVC)", "child health centre", "meets all small children; most are detected here or in preschool"),
    ("barn- och ungdomspsykiatri (BUP)", "child psychiatry", ""),
    ("bortfall, avgång", "exit", "the case left before its stop: moved, declined, referral refused"),
    ("brytdatum", "break date", "the first day of the new way of working; who starts on it counts as after"),
    ("censurerad", "censored", "still waiting when the observation ended: known to have waited at least so long"),
    ("elevhälsa", "school health", ""),
    ("flödeseffektivitet", "flow efficiency", "value-adding time over lead time"),
    ("fördröjt inträde", "delayed entry", "the case came under observation after its clock had started"),
    ("första linjen", "first line", "the level of care that is met first, before the specialists"),
    ("habilitering", "habilitation", "support for lasting disability"),
    ("händelselogg", "event log", "one row for each event: which case, what, when"),
    ("insats", "intervention", "what is done to help, whether or not there is a diagnosis"),
    ("kurator", "counsellor", ""),
    ("kötid, väntetid", "waiting time", "time that no contact, referral handling or pause covers"),
    ("ledtid, genomloppstid", "lead time", "from the start of the clock to its stop"),
    ("logoped", "speech therapist", ""),
    ("mellantid", "transition waiting", "from the latest end so far to the next start"),
    ("milstolpe", "milestone", "an event, or one of several, that the pathway names"),
    ("omtag", "rework", "the same step again"),
    ("remiss", "referral", "sent, received, accepted, returned, refused, forwarded, closed"),
    ("röjandekontroll", "disclosure control", "hiding what would tell of one child"),
    (
        "samordnad individuell plan (SIP)",
        "coordinated individual plan",
        "for a person helped by municipality and region alike",
    ),
    ("samordnare", "coordinator", "a named person who holds the case together"),
    ("slöseri", "waste", "time or steps that give the family nothing"),
    ("småbarnsteam", "small-children team", "several professions that map a child's needs together, in one time and place"),
    ("upptäckt", "detection", "somebody first notes that a child may need help"),
    ("vårdgaranti", "care guarantee", "the Swedish limits of 0, 3, 90 and 90 days"),
    ("vårdnadshavare", "guardian", ""),
    ("vårdväg", "pathway", "the declared milestones, and what starts and stops the clock"),
    ("värdeflöde", "value stream", "all steps from detection to help, with the time they take"),
    ("ärende", "case", "one child's way through care"),
    ("överlämning", "hand-over", "two visits in a row with no unit in common"),
)
# Heading -> the parts of the catalogues that stand under it.
PARTS = {
    "Terms that a report explains": ("definition", "report"),
    "What becomes of a case, a row or a claim": ("status", "reason", "report.reason", "verdict", "severity", "report.check_status"),
    "What may bend a comparison": ("report.check",),
    "Waste": ("report.waste", "report.figure"),
    "Time, steps and kinds": ("report.time_kind", "report.term", "report.activity_kind", "report.role"),
    "Headings of columns": ("column", "report.column", "value_stream.column"),
}
_ALPHABET = {"å": "z1", "ä": "z2", "ö": "z3"}


def page() -> str:
    """Gives the page: the words of the field with what they mean, then those of the reports."""
    lines = [
        "# Words, Swedish and English",
        "",
        "The words of the field come first, then those that a report uses, as its two catalogues have them.",
        "",
        *("| svenska | English | what it is |", "|---|---|---|"),
        *(f"| {swedish} | {english} | {meaning} |" for swedish, english, meaning in sorted(FIELD, key=lambda row: _in_swedish(row[0]))),
    ]
    for heading, parts in PARTS.items():
        lines += ["", f"## {heading}", "", "| svenska | English |", "|---|---|"]
        pairs = {pair for part in parts for pair in _pairs(part)}
        lines += [f"| {swedish} | {english} |" for swedish, english in sorted(pairs, key=lambda pair: (_in_swedish(pair[0]), pair[1]))]
    return "\n".join([*lines, ""])


def _pairs(part: str) -> Iterator[tuple[str, str]]:
    """The texts of a part in both languages; of the definitions and the report's own texts the terms only."""
    swedish, english = words("sv"), words("en")
    for key, text in english.texts.items():
        home, _, name = key.rpartition(".")
        if home == part and (part not in ("definition", "report") or name.endswith("_term")):
            yield swedish.texts[key], text


def _in_swedish(text: str) -> str:
    """The place of a text in the Swedish alphabet."""
    return "".join(_ALPHABET.get(letter, letter) for letter in text.casefold())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
