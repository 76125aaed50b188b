from writing import Draws, workbook, workday

# The printed totals: 41 children, 22 aged 6-12 and 19 teenagers; raised by parents 14, by school 17. The other 10 are by subtraction.
AGES = ("6-12",) * 22 + ("13-19",) * 19
ROUTES = ("förälder",) * 14 + ("skola",) * 17 + ("annan",) * 10


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    ages, routes = ([parts[place] for place in draws.order(41)] for parts in (AGES, ROUTES))
    rows, visits = [], 0
    for number, (age, route) in enumerate(zip(ages, routes, strict=True), 1):
        for _ in range(draws.whole(1, 5)):
            rows.append(
                (f"K{number:02d}", "Samtal kurator", workday(draws, "2018-08-20", "2018-12-14"), f"Skola {1 + number % 2}", age, route)
            )
            visits += 1
    rows.sort(key=lambda row: (row[2], row[0]))
    known = {
        "children": 41, "ages": {"6-12": 22, "13-19": 19}, "routes": {"förälder": 14, "skola": 17, "annan": 10}, "visits": visits,
        "contradictions": ["teenagers at schools for ages 6-12: 19", "routes printed for 31 of 41 children"],
    }  # fmt: skip
    headers = ("Elevkod", "Händelse", "Datum", "Skola", "Ålder", "Väg in")
    return {"kuratorstest.xlsx": workbook("Kurator", headers, rows, title="Kurator på två F-6-skolor, augusti - december 2018")}, known
