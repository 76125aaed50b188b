from writing import Draws, csv_file, later, middle, workday

LIMIT = 121  # whole days in four months of 30.4375


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, days_to = [], []
    for number in range(1, 181):
        family = f"F{number:03d}"
        born = workday(draws, "2022-01-03", "2022-06-30")
        rows.append((family, "Första barnet fött", born))
        if draws.chance(0.72):
            days = draws.skewed_days(80, 0.5)
            rows.append((family, "Kurs i barn-HLR", later(born, days)))
            days_to.append(days)
    known = {
        "families": 180, "trained": len(days_to), "within_four_months": sum(days <= LIMIT for days in days_to),
        "median_days_of_trained": middle(days_to),
    }  # fmt: skip
    return {"kurser.csv": csv_file(("Familj", "Händelse", "Datum"), rows)}, known
