from writing import Draws, later, middle, workbook, workday

RAISERS = ("Förskola", "BVC", "Skola", "Socialtjänst")
ADVICE = ("råd till den som frågar", "logoped", "psykolog", "SIP", "socialtjänstens stöd")


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, waits, advice, raised = [], [], dict.fromkeys(ADVICE, 0), dict.fromkeys(RAISERS, 0)
    several = 0
    for number in range(1, 53):
        asked = workday(draws, "2022-01-10", "2022-11-25")
        days = draws.whole(3, 30)
        raiser = draws.pick(RAISERS, (0.35, 0.3, 0.2, 0.15))
        chosen = sorted({draws.pick(ADVICE, (0.4, 0.2, 0.15, 0.15, 0.1)) for _ in range(draws.whole(1, 3))}, key=ADVICE.index)
        raised[raiser] += 1
        waits.append(days)
        several += len(chosen) > 1
        for answer in chosen:
            advice[answer] += 1
        rows.append((number, None, "Fråga anmäld", asked, raiser, None))
        rows.append((number, None, "Konsultation", later(asked, days), raiser, ", ".join(chosen)))
    known = {"questions": 52, "raised_by": raised, "advice": advice, "several_answers": several, "median_days": middle(waits)}
    headers = ("Punkt på dagordningen", "Ärende", "Händelse", "Datum", "Fråga från", "Råd")
    return {"dagordning.xlsx": workbook("Dagordning", headers, rows, title="Konsultationsteam, avidentifierade frågor 2022")}, known
