from itertools import pairwise

from writing import Draws, csv_file, later, workday

GAP = 60


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, gaps, supported = [], {"before": 0, "after": 0}, {"before": 0, "after": 0}
    number = 0
    for cohort, window, step in (("before", ("2018-01-08", "2018-12-20"), 75), ("after", ("2021-01-11", "2021-12-20"), 35)):
        for _ in range(40):
            number += 1
            at = workday(draws, *window)
            case = [("Upptäckt", at, "general")]
            referred = later(at, draws.whole(5, 20))
            case.append(("Remiss till specialist", referred, "general"))
            end = later(referred, draws.skewed_days(220, 0.25))
            helps, when = 0, at
            while (when := later(when, draws.skewed_days(step, 0.5))) < end:
                case.append(("Stöd i väntan", when, "first"))
                helps += 1
            case.append(("Bedömning specialist", end, "specialist"))
            supported[cohort] += helps > 0
            contacts = sorted(moment for what, moment, _ in case if what != "Remiss till specialist")
            gaps[cohort] += sum((second - first).days > GAP for first, second in pairwise(contacts))
            rows += [(f"N{number:02d}", what, moment, level, cohort) for what, moment, level in sorted(case, key=lambda event: event[1])]
    known = {"children": 80, "gaps_over_60_days": gaps, "with_support": supported}
    return {"handelser.csv": csv_file(("Ärende", "Händelse", "Datum", "Vårdnivå", "Kohort"), rows)}, known
