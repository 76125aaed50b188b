from writing import Draws, csv_file, workday

C, T, P = "kurator", "psykoterapeut", "psykolog"
# The printed table of visits, ages 6-17; what is blank there has no visit here.
PRINTED = {
    "Töreboda": {"2017": {C: 56, P: 3}, "2018": {C: 79, P: 3}, "2019": {C: 93, P: 2}},
    "Gullspång": {"2017": {C: 20, P: 25}, "2018": {C: 20}, "2019": {C: 133, P: 6}},
    "Mariestad": {"2017": {C: 46, P: 21}, "2018": {C: 242, P: 37}, "2019": {C: 627, T: 326, P: 43}},
}
TOTALS = {"Töreboda": 236, "Gullspång": 204, "Mariestad": 1342}


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows = [
        (workday(draws, f"{year}-01-09", f"{year}-12-20"), site, profession)
        for site, years in PRINTED.items() for year, cells in years.items() for profession, n in cells.items() for _ in range(n)
    ]  # fmt: skip
    rows.sort()
    known = {"cells": PRINTED, "totals": TOTALS, "visits": 1782}
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    return {"besok.csv": csv_file(("Besök", "Datum", "Vårdcentral", "Yrke"), numbered)}, known
