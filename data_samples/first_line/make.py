from writing import Draws, csv_file, later, workday

PATHS = {
    ("general",): 0.30, ("general", "first"): 0.35, ("general", "first", "specialist"): 0.15, ("general", "specialist"): 0.06,
    ("general", "specialist", "general", "first"): 0.06, ("general", "first", "specialist", "first"): 0.08,
}  # fmt: skip
UNITS = {"general": "BVC", "first": "Ungas psykiska hälsa", "specialist": "BUP"}


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, paths, highest, bounces = [], {}, dict.fromkeys(UNITS, 0), 0
    for number in range(1, 121):
        path = draws.pick(list(PATHS), list(PATHS.values()))
        at = workday(draws, "2021-01-11", "2021-12-17")
        for level in path:
            for _ in range(draws.whole(1, 3)):
                rows.append((f"L{number:03d}", "Besök", at, UNITS[level], level))
                at = later(at, draws.whole(7, 40))
        name = " > ".join(path)
        paths[name] = paths.get(name, 0) + 1
        highest[max(path, key=list(UNITS).index)] += 1
        bounces += sum(first == third for first, third in zip(path, path[2:], strict=False))
    known = {"children": 120, "paths": paths, "highest": highest, "bounces": bounces}
    return {"besok.csv": csv_file(("Ärende", "Händelse", "Datum", "Enhet", "Vårdnivå"), rows)}, known
