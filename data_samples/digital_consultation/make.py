from writing import Draws, later, middle, workbook, workday

DECISIONS = ("Remiss specialist", "Råd till BVC", "Besök första linjen")


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, waits = [], []
    planned_count, avoided = 0, 0
    for number in range(1, 91):
        asked = workday(draws, "2022-02-01", "2022-11-30")
        planned = draws.chance(0.6)
        days = 0 if draws.chance(0.3) else draws.whole(1, 6)
        decision = draws.pick(DECISIONS, (0.4, 0.4, 0.2) if planned else (0.08, 0.72, 0.2))
        planned_count += planned
        avoided += planned and decision != DECISIONS[0]
        waits.append(days)
        rows.append((f"D{number:02d}", "Konsultation", asked, "ja" if planned else "nej"))
        rows.append((f"D{number:02d}", decision, later(asked, days), "ja" if planned else "nej"))
    known = {"consultations": 90, "planned_referrals": planned_count, "referrals_avoided": avoided, "median_days": middle(waits)}
    headers = ("Konsultation-id", "Händelse", "Datum", "Hade remitterat")
    return {"konsultationer.xlsx": workbook("Konsultationer", headers, rows, title="Digital barnläkarkonsultation för BVC")}, known
