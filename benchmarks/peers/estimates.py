"""Survival estimates by one library, timed in one process: `python estimates.py LIBRARY FILE RUNS`; prints answers and seconds as JSON.

LIBRARY is leadtime, lifelines or sksurv. FILE holds durations, whether each ended, its group (0 or 1), and a horizon. Every estimate is
made once before it is timed.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

given = np.load(sys.argv[2])
waited, done, group, tau = given["waited"], given["done"], given["group"], float(given["tau"])
at = np.quantile(waited, [0.1, 0.4])


def leadtime() -> dict[str, Callable[[], object]]:
    from leadtime import survival

    curve = survival.kaplan_meier(waited, done)

    def mean() -> list[float]:
        return [curve.restricted_mean(tau).value]

    return {
        "curve": lambda: [one.value for one in survival.kaplan_meier(waited, done).at(at)],
        "restricted mean": mean,
        "log-rank": lambda: [survival.log_rank(waited, done, group).statistic],
    }


def lifelines() -> dict[str, Callable[[], object]]:
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test
    from lifelines.utils import restricted_mean_survival_time

    fitted = KaplanMeierFitter().fit(waited, done)
    before, after = group == 0, group == 1
    return {
        "curve": lambda: list(KaplanMeierFitter().fit(waited, done).survival_function_at_times(at)),
        "restricted mean": lambda: [restricted_mean_survival_time(fitted, t=tau)],
        "log-rank": lambda: [logrank_test(waited[before], waited[after], done[before], done[after]).test_statistic],
    }


def sksurv() -> dict[str, Callable[[], object]]:
    from sksurv.compare import compare_survival
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    both = Surv.from_arrays(done, waited)

    def curve() -> list[float]:
        times, shares, _ = kaplan_meier_estimator(done, waited, conf_type="log-log")
        return list(shares[np.searchsorted(times, at, side="right") - 1])

    return {"curve": curve, "log-rank": lambda: [compare_survival(both, group)[0]]}


def timed(estimate: Callable[[], object], runs: int) -> dict[str, object]:
    """Gives the answer of an estimate, and the median of its seconds."""
    answer, seconds = estimate(), []
    for _ in range(runs):
        began = time.perf_counter()
        estimate()
        seconds.append(time.perf_counter() - began)
    return {"answer": [float(value) for value in answer], "seconds": statistics.median(seconds)}


estimates = {"leadtime": leadtime, "lifelines": lifelines, "sksurv": sksurv}[sys.argv[1]]()
print(json.dumps({name: timed(estimate, int(sys.argv[3])) for name, estimate in estimates.items()}))
