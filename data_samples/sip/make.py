from writing import Draws, csv_file, later, middle, workday


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    rows, to_meeting, both, followed = [], [], 0, 0
    for number in range(1, 49):
        case = f"P{number:02d}"
        need = workday(draws, "2022-01-10", "2022-09-30")
        called = later(need, draws.skewed_days(8, 0.7))
        met = later(called, draws.skewed_days(21, 0.4))
        parties = ["region", "kommun"] if draws.chance(0.8) else [draws.pick(("region", "kommun"))]
        rows.append((case, "Behov av SIP", need, draws.pick(("region", "kommun")), None))
        rows.append((case, "Kallelse till SIP", called, rows[-1][3], None))
        rows += [(case, "SIP-möte", met, party, f"{case}-M1") for party in parties]
        if draws.chance(0.7):
            rows.append((case, "Uppföljning av SIP", later(met, 90 + draws.whole(-20, 40)), "region", None))
            followed += 1
        to_meeting.append((met - need).days)
        both += len(parties) == 2
    known = {
        "children": 48, "median_days_to_meeting": middle(to_meeting), "within_30_days": sum(days <= 30 for days in to_meeting),
        "both_organisations": both, "followed_up": followed,
    }  # fmt: skip
    return {"sip.csv": csv_file(("Ärende", "Händelse", "Datum", "Huvudman", "Mötes-id"), rows)}, known
