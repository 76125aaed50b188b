"""What the split of 4.2 and the whole waste ledger cost beside workload W, on one log: `python benchmarks/ledger.py [EVENTS] [RUNS]`.

The log of `synthetic.py` with the columns that the ledger needs. Each is a process of its own; before any time counts, the parts of the
split must add up to the lead time in every case and every measure must be computed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import synthetic
from run import taken

LIMIT = 6.0
KINDS = {
    "referral": ["Remiss"], "decision": ["Remissbedömning", "Diagnos", "Avslut"], "admin": ["Kallelse", "Provsvar"], "team": ["Konferens"],
    "contact": ["Nybesök", "Anamnes", "Återbesök", "Kurator"], "consultation": ["Skolkontakt"], "value": ["Återgivning", "Vårdplan"],
    "assessment": ["Läkarbesök", "Psykologbesök", "Test A", "Test B", "Röntgen"], "intervention": ["Behandling"],
}  # fmt: skip
CHOICES = {
    "organisation": ["Region", "Kommun"], "place": ["Mottagning 1", "Mottagning 2", "Hem", None], "attended": ["yes", "yes", "no", None],
    "purpose": ["history", "plan", None], "initiator": ["guardian", "unit", None], "coordinator": ["A", "B", None],
    "level": ["general", "first", "specialist"], "feedback_to": ["family", "raiser", None, None],
    "referral_status": ["sent", "received", "accepted", "returned", "refused", "forwarded", "closed"],
    "referral_to": ["BUP Norr", "Habilitering", "Logopedi"],
}  # fmt: skip
PATHWAY = {
    "name": "benchmark", "start": "referral", "stop": ["diagnosis", "end"],
    "milestones": {name: {"activities": [label]} for name, label in (("referral", "Remiss"), ("diagnosis", "Diagnos"), ("end", "Avslut"))},
    "activities": {
        label: {"kind": kind, "value_adding": kind in ("value", "intervention")} for kind, labels in KINDS.items() for label in labels
    },
}  # fmt: skip


def write(events: int, path: Path) -> None:
    """Writes the log, block by block, with every column that the ledger reads."""
    plain = path.with_name("plain.parquet")
    synthetic.write(events, str(plain))
    writer = None
    for number, batch in enumerate(pq.ParquetFile(plain).iter_batches(1_000_000)):
        rng = np.random.default_rng([3, number])
        table = pa.Table.from_batches([batch])
        for name, values in CHOICES.items():
            table = table.append_column(name, pa.array(values).take(pa.array(rng.integers(0, len(values), len(table)))))
        marks = rng.integers(0, 3, len(table))
        referral = [f"{case}-{mark}" for case, mark in zip(table["case_id"].to_pylist(), marks, strict=True)]
        table = table.append_column("referral_id", pa.array(referral, mask=marks == 2))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    plain.unlink()


def analyse(path: str) -> None:
    """The measured work: the split and the ledger, to frames."""
    import leadtime as lt

    pathway = lt.read_pathway(PATHWAY)
    log = lt.read_log(path, observed_until="2030-12-31")
    split = lt.time_split(log, pathway).to_pandas()
    parts = split[["value_days", "contact_days", "referral_days", "paused_days", "waiting_days", "unknown_days"]].sum(axis=1)
    if not np.allclose(parts, split["lead_time_days"], rtol=0, atol=1e-6, equal_nan=True):
        raise SystemExit("the parts don't add up to the lead time")
    ledger = lt.waste(log, pathway)
    if lacking := [code for code, state in ledger.states.items() if state != "computed"]:
        raise SystemExit(f"not computed: {', '.join(lacking)}")
    print(len(split), len(ledger.to_pandas()), len(ledger.summary.rows))


def main() -> None:
    """Pairs of runs, and the median of their ratios."""
    events, runs = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 3
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log.parquet"
        write(events, log)
        peers = {"W": [here / "peers" / "with_leadtime.py", log], "split and ledger": [here / "ledger.py", "--analyse", log]}
        pairs = [{peer: taken(peer, [sys.executable, *map(str, command)]) for peer, command in peers.items()} for _ in range(runs)]
    for what in ("wall", "cpu", "memory"):
        ratio = statistics.median(getattr(pair["split and ledger"], what) / getattr(pair["W"], what) for pair in pairs)
        print(f"{what}: {ratio:.2f} times workload W on the same {events:,} events (at most {LIMIT:g} is wanted)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--analyse"]:
        analyse(sys.argv[2])
    else:
        main()
