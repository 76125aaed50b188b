"""Writes docs/pilots.md, every pilot with its known answer and the computed one: `python docs/pilots.py`; a test keeps the page true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadtime.results import Estimate

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("pilots.md")

# The rows of the public reports, pilots first, then team types: the sample that works each, and the figure that answers its claim.
ROWS = (
    ("Mark and Svenljunga", "mark_svenljunga", "median_months"),
    ("Widened: Skövde, Borås, Alingsås, all Södra Älvsborg", "widened_teams", "effect_put_in_days"),
    ("SAMBU, the route of a case", "sambu_route", "median_days"),
    ("SAMBU, team Mariestad", "sambu_mariestad_events", "printed"),
    ("Visits at primary care centres", "visits_events", "totals"),
    ("Functional abdominal pain", "abdominal_pain", "median_days"),
    ("Home care, children's cancer centre", "home_care_cancer", "contacts"),
    ("Digital paediatric consultation for BVC", "digital_consultation", "referrals_avoided"),
    ("Home care within BUP Skaraborg", "home_care_bup", "bed_days"),
    ("Thought and Health", "thought_and_health", "took_part"),
    ("Small children north-east", "north_east", "gaps_over_60_days"),
    ("Child CPR for first-time parents", "cpr", "within_four_months"),
    ("GoFaR", "gofar", "reached"),
    ("Early interventions Härryda", "harryda", "share"),
    ("Counsellor test at two schools", "counsellor_test", "routes"),
    ("BUSE contacts and coordinators", "buse", "kept_one"),
    ("BUP consultation line", "bup_line", "referrals"),
    ("Team that consults on de-identified cases", "consultation_team", "advice"),
    ("SIP", "sip", "median_days_to_meeting"),
    ("First line: levels of care", "first_line", "paths"),
)

MARK = """
import leadtime as lt

pathway = lt.read_pathway("data_samples/mark_svenljunga/pathway.toml")
log = lt.read_log("data_samples/mark_svenljunga/events.csv", timezone="Europe/Stockholm", observed_until="2020-12-31")
result = lt.compare(lt.lead_times(log, pathway))
halves = {cohort.name: round(cohort.median.value / 30.4375 * 2) / 2 for cohort in result.cohorts}
answer = {"median_months": halves}
"""
MARK_CLAIM = "lead time from detection to diagnosis or intervention falls from 2 years 2.5 months to 8.5 months."
MARK_KNOWN = {"median_months": {"before": 26.5, "after": 8.5}}  # the published headline, in half months


@dataclass(frozen=True)
class Pilot:
    """A row: its sample, the code of the sample's README, and what the maker of the sample knows."""

    name: str
    folder: str
    main: str
    claim: str
    code: str
    known: dict[str, Any]

    def answers(self) -> dict[str, Any]:
        """Runs the code as its reader would."""
        names: dict[str, Any] = {}
        exec(compile(self.code, self.folder, "exec"), names)  # noqa: S102 - our own page
        return names["answer"]

    @property
    def calls(self) -> list[str]:
        """The functions that compute the answer."""
        found = re.findall(r"\blt\.([a-z_.]+)\(", self.code)
        return [f"`lt.{name}`" for name in dict.fromkeys(found) if not name.startswith("read_") and name != "lead_times"]


def pilots() -> Iterator[Pilot]:
    """Gives the rows, each with the claim and the code of its sample's README."""
    for name, folder, main in ROWS:
        if folder == "mark_svenljunga":
            yield Pilot(name, folder, main, MARK_CLAIM, MARK, MARK_KNOWN)
            continue
        text = (ROOT / "data_samples" / folder / "README.md").read_text(encoding="utf-8")
        claim = re.search(r"^The claim: (.*)$", text, re.MULTILINE)
        code = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if claim is None or code is None:
            raise ValueError(f"data_samples/{folder}/README.md has no claim or no code")
        known = json.loads((ROOT / "data_samples" / folder / "known.json").read_text(encoding="utf-8"))
        yield Pilot(name, folder, main, claim[1], code[1], known)


def agrees(computed: Any, known: Any) -> bool:
    """Whether a figure is the known one; an estimate of what was put in holds it in its interval."""
    if isinstance(computed, Estimate):
        return computed.lower is not None and computed.upper is not None and computed.lower <= known <= computed.upper
    if isinstance(known, dict):
        return set(computed) == set(known) and all(agrees(computed[key], known[key]) for key in known)
    if isinstance(known, float):
        return abs(computed - known) < 1e-9
    return bool(computed == known)


def shown(value: Any) -> str:
    """A figure for the eye; a mapping as its parts."""
    if isinstance(value, Estimate):
        return f"{value.value:.0f} ({value.lower:.0f} to {value.upper:.0f})"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {{{shown(part)}}}" if isinstance(part, dict) else f"{key} {shown(part)}" for key, part in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def row(pilot: Pilot, found: dict[str, Any]) -> str:
    """Gives a pilot's row; what was found in another order is shown in the order of what was known."""
    known = pilot.known[pilot.main]
    cells = (
        f"{pilot.name} (`data_samples/{pilot.folder}`)",
        pilot.claim,
        ", ".join(pilot.calls),
        f"{pilot.main.replace('_', ' ')}: {shown(known)}",
        shown(_ordered(found[pilot.main], known)),
    )
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """Gives the page: one row per pilot, then all figures of each."""
    lines = [
        "---",
        "hide: [toc]",
        "---",
        "",
        "# The pilots, worked",
        "",
        "Every pilot and team type of the public reports, with a synthetic sample in the shape that such a unit has. No child in the",
        "samples exists. The known answer is what the sample's maker wrote down while making it, or a printed total; the computed one",
        "is the library's, by the code in the sample's README. Figures in brackets are the 95 % interval of an estimate.",
        "",
        "| pilot | claim | call | known | computed |",
        "|---|---|---|---|---|",
    ]
    details: list[str] = ["", "## All figures", ""]
    for pilot in pilots():
        found = pilot.answers()
        lines.append(row(pilot, found))
        agreed = [key for key in found if agrees(found[key], pilot.known[key])]
        details.append(f"- **{pilot.name}**: {len(agreed)} of {len(found)} figures agree ({', '.join(agreed)}).")
        details += [f"    - a contradiction, kept: {text}." for text in pilot.known.get("contradictions", [])]
    return "\n".join([*lines, *details, ""])


def _ordered(found: Any, like: Any) -> Any:
    if isinstance(found, dict) and isinstance(like, dict):
        return {key: _ordered(found[key], like.get(key)) for key in sorted(found, key=list(like).index)}
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
