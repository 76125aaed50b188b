from writing import Draws, workbook, workday

# The printed table of the team's 14 children, September to December 2019. Raised by: 13, not 14.
PRINTED = {
    "Samtycke": {"samtycke": 13, "avidentifierat": 1},
    "Förslag": {"arbets- eller fysioterapeut": 7, "familjebehandling": 7, "kurator på vårdcentral": 2, "läkarundersökning": 1},
    "Lyft av": {"elevhälsa": 9, "rehabilitering": 3, "vårdcentral": 1},
    "Ålder": {"6-9": 2, "10-12": 5, "13-18": 7},
}
CHILDREN = 14


def spread(draws: Draws, counts: dict[str, int]) -> list[str]:
    """A label a child in random order, empty for those that the print leaves out."""
    labels = [label for label, n in counts.items() for _ in range(n)]
    labels += [""] * (CHILDREN - len(labels))
    return [labels[place] for place in draws.order(CHILDREN)]


def make(draws: Draws) -> tuple[dict[str, bytes], dict[str, object]]:
    proposals: list[list[str]] = [[] for _ in range(CHILDREN)]
    order = draws.order(CHILDREN)
    turn = 0
    for proposal, n in PRINTED["Förslag"].items():
        for _ in range(n):
            proposals[order[turn % CHILDREN]].append(proposal)
            turn += 1
    consent, raised, age = (spread(draws, PRINTED[name]) for name in ("Samtycke", "Lyft av", "Ålder"))
    days = sorted(workday(draws, "2019-09-03", "2019-12-17") for _ in range(CHILDREN))
    rows = [
        (place + 1, f"M{place + 1:02d}" if consent[place] == "samtycke" else None, "Teammöte", days[place], consent[place],
         raised[place] or None, age[place], "; ".join(proposals[place]))
        for place in range(CHILDREN)
    ]  # fmt: skip
    known = {
        "children": CHILDREN, "printed": PRINTED, "proposals": 17, "raiser_missing": 1, "rows_without_key": 1,
        "contradictions": ["raised by adds up to 13 of 14 children"],
    }  # fmt: skip
    headers = ("Löpnr", "Ärende", "Händelse", "Datum", "Samtycke", "Lyft av", "Ålder", "Förslag")
    return {"teammoten.xlsx": workbook("Teammöten", headers, rows, title="Team Mariestad, september - december 2019")}, known
