from writing import Draws, csv_file, later, workday

UNITS = ("Skola", "Socialtjänst", "Vårdcentral", "BUP", "Rehabilitering")


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, kept, coordinated, changes = [], 0, 0, 0
    for number in range(1, 41):
        at = workday(draws, "2021-01-11", "2021-06-30")
        has_one = draws.chance(0.85)
        holder = f"Samordnare {draws.pick(UNITS)}"
        own_changes = 0
        for place in range(draws.whole(3, 9)):
            if place and has_one and draws.chance(0.06):
                new = f"Samordnare {draws.pick([unit for unit in UNITS if not holder.endswith(unit)])}"
                holder, own_changes = new, own_changes + 1
            rows.append((f"U{number:02d}", "BUSE-kontakt", at, draws.pick(UNITS), holder if has_one else None))
            at = later(at, draws.whole(5, 35))
        coordinated += has_one
        kept += has_one and own_changes == 0
        changes += own_changes
    known = {"children": 40, "contacts": len(rows), "with_coordinator": coordinated, "kept_one": kept, "changes": changes}
    return {"kontakter.csv": csv_file(("Ärende", "Händelse", "Datum", "Enhet", "Samordnare"), rows)}, known
