from writing import Draws, csv_file, day, later

BREAK, FIRST, LAST = "2021-01-01", "2019-01-01", "2022-12-31"
PATIENTS = {"before": (34, 1.6, 14), "after": (24, 1.3, 8)}


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, known = [], {}
    number = 0
    nights = {"before": 0, "after": 0}
    for name, (patients, most, length) in PATIENTS.items():
        first, last = (FIRST, "2020-12-31") if name == "before" else (BREAK, LAST)
        stays = 0
        for _ in range(patients):
            number += 1
            into = later(day(first), draws.whole(0, (day(last) - day(first)).days - 120))
            for _ in range(1 + (draws.uniform() < most - 1)):
                days = min(60, draws.skewed_days(length, 0.7))
                out = later(into, days)
                rows.append((f"B{number:03d}", "Heldygnsvård", into, out))
                stays += 1
                split = min(max(0, (day(BREAK) - into).days), days) if name == "before" else 0
                nights["before"] += split if name == "before" else 0
                nights["after"] += days - split
                if name == "after":
                    for visit in range(draws.whole(3, 8)):
                        rows.append((f"B{number:03d}", "Hemvård", later(out, 2 + 4 * visit), later(out, 2 + 4 * visit)))
                into = later(out, 20 + draws.whole(0, 30))
        known[name] = {"patients": patients, "admissions": stays}
    known["home_visits"] = sum(row[1] == "Hemvård" and row[2] <= day(LAST) for row in rows)
    known = {**known, "bed_days": nights, "admissions": {name: known[name]["admissions"] for name in PATIENTS}}
    rows = sorted((row for row in rows if row[2] <= day(LAST)), key=lambda row: (row[2], row[0], row[1]))
    return {"vardtillfallen.csv": csv_file(("Patientnummer", "Händelse", "Inskriven", "Utskriven"), rows)}, known
