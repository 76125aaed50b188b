from writing import Draws, csv_file, later, middle, workday

REFERRALS = 30  # printed: about 30 from BUP to rehabilitation in half a year


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, waits = [], []
    for number in range(1, 121):
        asked = workday(draws, "2018-07-02", "2018-12-28")
        days = draws.pick((0, 1, 2, 3, 5), (0.4, 0.25, 0.15, 0.12, 0.08))
        waits.append(days)
        rows.append((f"L{number:03d}", "Fråga till BUP", asked))
        rows.append((f"L{number:03d}", "Svar från BUP", later(asked, days)))
        if number <= REFERRALS:
            rows.append((f"L{number:03d}", "Remiss till rehabilitering", later(asked, days)))
    rows.sort(key=lambda row: (row[2], row[0]))
    known = {
        "questions": 120,
        "referrals": REFERRALS,
        "days": 184,
        "answered_within_2_days": sum(days <= 2 for days in waits),
        "median_days": middle(waits),
    }
    return {"konsultationslinje.csv": csv_file(("Ärende", "Händelse", "Datum"), rows)}, known
