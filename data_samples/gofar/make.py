from writing import Draws, later, middle, workbook, workday

POPULATION = {"Mariestad": 130, "Töreboda": 60, "Gullspång": 50}


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, waits, reached = [], [], dict.fromkeys(POPULATION, 0)
    for place, children in POPULATION.items():
        for _ in range(round(children * 0.35)):
            number = len({row[0] for row in rows}) + 1
            prescribed = workday(draws, "2021-09-01", "2022-08-31")
            rows.append((f"G{number:03d}", "Recept på aktivitet", prescribed, place))
            if draws.chance(0.7):
                days = draws.skewed_days(25, 0.6)
                rows.append((f"G{number:03d}", "Första aktivitet", later(prescribed, days), place))
                waits.append(days)
                reached[place] += 1
    title = "Recept på fysisk aktivitet, läsåret 2021/22"
    known = {
        "population": POPULATION, "reached": reached, "reached_all": sum(reached.values()), "prescribed": len({row[0] for row in rows}),
        "started": len(waits), "median_days_of_started": middle(waits),
    }  # fmt: skip
    return {"aktiviteter.xlsx": workbook("Aktiviteter", ("Barn", "Händelse", "Datum", "Kommun"), rows, title=title)}, known
