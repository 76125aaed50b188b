from datetime import date

from writing import Draws, csv_file, later

# When each site began, after the public reports; Alingsås as planned. The rest is made up.
STARTS = {"Skövde": "2021-09-01", "Borås": "2022-07-01", "Alingsås": "2023-01-01", "Övriga Södra Älvsborg": "2024-01-01"}
USUAL = {"Skövde": 330, "Borås": 390, "Alingsås": 360, "Övriga Södra Älvsborg": 420}
EFFECT = -120  # days, put in
UNTIL = date(2026, 3, 31)


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, counts = [], {site: {"before": 0, "after": 0} for site in STARTS}
    number = 0
    for site, begun in STARTS.items():
        for _ in range(110):
            number += 1
            start = date.fromordinal(draws.whole(date(2020, 1, 1).toordinal(), date(2024, 6, 30).toordinal()))
            after = start >= date.fromisoformat(begun)
            counts[site]["after" if after else "before"] += 1
            drift = -0.02 * (start - date(2020, 1, 1)).days  # all sites grow quicker, pilot or not
            days = max(20, round(USUAL[site] + drift + (EFFECT if after else 0) + 50 * draws.normal()))
            rows.append((f"V{number:03d}", "Upptäckt", start, site))
            rows.append((f"V{number:03d}", "Insats", later(start, days), site))
    ordered = sorted(rows, key=lambda row: (row[2], row[0]))
    known = {"children": number, "by_site": counts, "effect_put_in_days": EFFECT}
    return {"handelser.csv": csv_file(("Ärende", "Händelse", "Datum", "Kommun"), ordered)}, known
