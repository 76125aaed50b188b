from writing import Draws, csv_file, day, later

BREAK = "2021-01-01"


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, counts = [], {"before": {"hemmet": 0, "mottagning": 0, "avdelning": 0}, "after": {"hemmet": 0, "mottagning": 0, "avdelning": 0}}
    for number in range(1, 37):
        start = later(day("2020-01-06"), 19 * number)
        at = start
        for _ in range(draws.whole(8, 24)):
            after = at >= day(BREAK)
            place = draws.pick(("hemmet", "mottagning", "avdelning"), (0.45, 0.35, 0.20) if after else (0.02, 0.68, 0.30))
            what = draws.pick(("Provtagning", "Läkemedel", "Omläggning", "Samtal"), (0.4, 0.3, 0.15, 0.15))
            if at <= day("2021-12-31"):
                rows.append((f"H{number:02d}", what, at, place))
                counts["after" if after else "before"][place] += 1
            at = later(at, draws.whole(3, 14))
    rows.sort(key=lambda row: (row[2], row[0]))
    hospital = {name: found["mottagning"] + found["avdelning"] for name, found in counts.items()}
    known = {"contacts": counts, "hospital": hospital, "home_share_after": counts["after"]["hemmet"] / sum(counts["after"].values())}
    return {"kontakter.csv": csv_file(("Barn", "Insats", "Datum", "Plats"), rows)}, known
