from writing import Draws, later, middle, workbook, workday

STEPS = ("Lyft", "Teammöte", "Återkoppling familj", "Återkoppling den som lyfte", "Första insats")


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, days = [], {step: [] for step in STEPS[1:]}
    late = 0
    for number in range(1, 61):
        raised = workday(draws, "2019-09-02", "2020-06-30")
        meeting = draws.whole(5, 28)
        family = meeting + draws.skewed_days(5, 0.6)
        raiser = meeting + draws.skewed_days(12, 0.8)
        help_ = family + draws.skewed_days(30, 0.5)
        told = draws.chance(0.8)
        offsets = (meeting, family, raiser if told and raiser < help_ else None, help_)
        for step, offset in zip(STEPS[1:], offsets, strict=True):
            if offset is not None:
                days[step].append(offset)
        late += help_ > 60
        by = draws.pick(("elevhälsa", "rehabilitering", "vårdcentral", "socialtjänst"), (0.6, 0.2, 0.1, 0.1))
        dates = [None if offset is None else later(raised, offset) for offset in offsets]
        rows.append((f"S{number:02d}", by, raised, *dates))
    known = {
        "children": len(rows), "reached": {step: len(found) for step, found in days.items()},
        "median_days": {step: middle(days[step]) for step in ("Teammöte", "Återkoppling familj", "Första insats")},
        "help_after_60_days": late,
    }  # fmt: skip
    title = "Ärenden i teamet, september 2019 - juni 2020"
    return {"arenden.xlsx": workbook("Ärenden", ("Ärende", "Lyft av", *STEPS), rows, title=title)}, known
