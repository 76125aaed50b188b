from writing import Draws, csv_file, later, middle, workbook, workday

ANSWERS = ("mycket missnöjd", "missnöjd", "varken eller", "nöjd", "mycket nöjd")
CHANCES = {"före": (0.12, 0.22, 0.28, 0.28, 0.10), "efter": (0.04, 0.10, 0.20, 0.40, 0.26)}
PATHS = {"före": (0.35, 0.30, 150), "efter": (0.90, 0.85, 45)}


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, days, steps = [], {"före": [], "efter": []}, {}
    number = 0
    for period, window in (("före", ("2018-01-08", "2018-12-20")), ("efter", ("2020-01-08", "2020-12-18"))):
        team, rated, wait = PATHS[period]
        steps[period] = {"Teambedömning": 0, "Självskattning": 0}
        for _ in range(45):
            number += 1
            start = workday(draws, *window)
            to_psychologist = 8 + draws.skewed_days(wait, 0.5)
            case = [("Remiss", start)]
            for step, chance in (("Teambedömning", team), ("Självskattning", rated)):
                if draws.chance(chance):
                    case.append((step, later(start, draws.whole(2, 8))))
                    steps[period][step] += 1
            case.append(("Första psykologkontakt", later(start, to_psychologist)))
            days[period].append(to_psychologist)
            rows += [(f"M{number:02d}", what, when, period) for what, when in sorted(case, key=lambda pair: pair[1])]
    answers = [(period, draws.pick(ANSWERS, CHANCES[period])) for period in CHANCES for _ in range(40)]
    survey = [(f"Svar {place}", *answer) for place, answer in enumerate(answers, 1)]
    counts = {period: {word: sum(answer == (period, word) for answer in answers) for word in ANSWERS} for period in CHANCES}
    files = {
        "handelser.csv": csv_file(("Ärende", "Händelse", "Datum", "Period"), rows),
        "enkat.xlsx": workbook("Enkät", ("Svar", "Period", "Hur nöjd är du?"), survey, title="Anonym enkät till familjer"),
    }
    return files, {
        "children": number,
        "steps": steps,
        "median_days": {name: middle(found) for name, found in days.items()},
        "answers": counts,
    }
