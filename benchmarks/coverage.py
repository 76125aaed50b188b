"""How often the library claims what isn't so, and how often its intervals hold the truth: simulated pilots, analysed as `compare` does.

    python benchmarks/coverage.py                        # 5,000 pilots a row; some fifteen minutes on one core
    python benchmarks/coverage.py --runs 500 --sizes 15  # quicker

Two tables. *No effect, no claim*: pilots without any true change, median 26.5 months; both cohorts followed alike (24 to 48 months), and
unlike: starts in the years 4-8 (before) and 8-10 (after) of a flow that is read at the end of year 10, so that "after" is followed for
two years at the most and a tenth of it finishes. *Coverage*: both cohorts censored alike, 20 % or 55 %, with and without a true change
(26.5 to 8.5 months); the horizon is the largest time with 5 at risk in each, so that it changes from pilot to pilot: the truth that an
interval is to hold is the difference of the true means up to that pilot's own horizon. An open limit counts as covering; its share stands
beside.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from leadtime import survival, words
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.decision import claimed, primary_test
from leadtime.compare.estimates import Options, curves_of, estimated, mean_difference
from leadtime.compare.horizon import horizon
from leadtime.errors import NotEstimable
from leadtime.results import Estimate

MONTH = 30.4375
SPREAD = 0.44  # of ln T: with median 26.5 months, 58.9 % wait longer than 24, as in bias_simulation_no_effect.json
BEFORE, AFTER = 26.5 * MONTH, 8.5 * MONTH
BOOTSTRAPPED = 10  # one run in so many is also resampled, to compare the widths
OPTIONS = Options(draws=1000)


def cohort(name: str, stop: np.ndarray, seen: np.ndarray) -> Cohort:
    """A cohort in whole days from when each case would stop and how long it is seen."""
    stop, seen = np.ceil(stop), np.floor(seen)
    days, outcome = np.minimum(stop, seen), (stop <= seen).astype(np.int64)
    order = np.lexsort((outcome, days))
    return Cohort(name, days[order], outcome[order], None, None, None, np.arange(days.size))


def lead(generator: np.random.Generator, n: int, median: float) -> np.ndarray:
    """Lognormal lead times in days."""
    return median * np.exp(SPREAD * generator.standard_normal(n))


def unlike(generator: np.random.Generator, n: int) -> Pair:
    """A pilot without effect whose cohort after is followed far shorter: for 0 to 24 months, against 24 to 72 before."""
    start = {"before": generator.uniform(48, 96, n), "after": generator.uniform(96, 120, n)}
    parts = [cohort(name, lead(generator, n, BEFORE), (120 - months) * MONTH) for name, months in start.items()]
    return Pair(*parts)


def alike(generator: np.random.Generator, n: int) -> Pair:
    """A pilot without effect whose cohorts are both followed for 24 to 48 months."""
    parts = [cohort(name, lead(generator, n, BEFORE), generator.uniform(24, 48, n) * MONTH) for name in ("before", "after")]
    return Pair(*parts)


def censored_pilot(generator: np.random.Generator, n: int, share: float, medians: Sequence[float]) -> Pair:
    """A pilot in which the same share of both cohorts is censored, by follow-up that is uniform from 0."""
    longest = censoring_for(share)
    parts = [
        cohort(name, lead(generator, n, median), generator.uniform(0, longest * median, n))
        for name, median in zip(("before", "after"), medians, strict=True)
    ]
    return Pair(*parts)


def censoring_for(share: float) -> float:
    """The longest follow-up, in medians, at which so many are censored: P(C < T) for C uniform on 0..longest, by bisection."""
    z = np.exp(SPREAD * normal_grid())
    low, high = 0.1, 200.0
    for _ in range(80):
        middle = (low + high) / 2
        found = float(np.minimum(z / middle, 1.0).mean())
        low, high = (middle, high) if found > share else (low, middle)
    return low


def normal_grid() -> np.ndarray:
    from scipy.special import ndtri

    return ndtri((np.arange(20_000) + 0.5) / 20_000)


def true_mean(median: float, tau: float) -> float:
    """E min(T, tau) of the lognormal."""
    from scipy.special import ndtr

    mu = math.log(median)
    whole = math.exp(mu + SPREAD**2 / 2) * ndtr((math.log(tau) - mu - SPREAD**2) / SPREAD)
    return float(whole + tau * (1 - ndtr((math.log(tau) - mu) / SPREAD)))


def headline(pair: Pair) -> tuple[bool, bool, str]:
    """Whether the declared test rejects, whether the headline claims a shorter time, and the headline."""
    curves = curves_of(pair, OPTIONS)
    tau, _ = horizon(pair.cohorts, curves, None)
    before, after = (estimated(part, curve, tau, OPTIONS) for part, curve in zip(pair.cohorts, curves, strict=True))
    difference = None if tau is None else mean_difference(pair, tau, OPTIONS)
    test = primary_test(pair, "median", tau, difference, 0)
    facts = words.HeadlineFacts(
        words.CohortFacts("before", before.n, before.open, before.left, before.median, restricted_mean=before.restricted_mean),
        words.CohortFacts("after", after.n, after.open, after.left, after.median, restricted_mean=after.restricted_mean),
        survival.ratio_by_mover(before.median, after.median),
        test.p_value,
        tau=tau,
        restricted_mean_difference=difference,
    )
    said = words.headline(facts)
    return claimed(test), "shorter" in said, test.name


def claims(runs: int, sizes: Sequence[int], seed: int, kinds: Sequence[str]) -> None:
    print(f"No effect, no claim ({runs} pilots a row, seed {seed})")
    print(f"{'follow-up':>10} {'n a cohort':>10} {'finished after':>15} {'permuted':>9} {'rejects':>8} {'says shorter':>13} {'seconds':>8}")
    for make in [make for make in (alike, unlike) if make.__name__ in kinds]:
        for n in sizes:
            begun, generator = time.process_time(), np.random.default_rng((seed, n))
            found = np.zeros(4)
            for _ in range(runs):
                pair = make(generator, n)
                if pair.together.observed.any():  # where nobody has finished, `compare` refuses
                    rejects, shorter, test = headline(pair)
                    found += (pair.after.observed.mean(), test.startswith("permutation"), rejects, shorter)
            done, permuted, rejected, said = 100 * found / runs
            row = f"{done:>13.1f} % {permuted:>7.1f} % {rejected:>6.2f} % {said:>11.2f} % {time.process_time() - begun:>8.0f}"
            print(f"{make.__name__:>10} {n:>10} {row}", flush=True)


@dataclass
class Score:
    """How often an interval held the truth, how often a side was open, and its width where it wasn't."""

    held: int = 0
    open: int = 0
    missing: int = 0
    widths: list[float] | None = None

    def add(self, estimate: Estimate, truth: float, width: Callable[[float, float], float]) -> None:
        self.widths = self.widths or []
        if estimate.value is None:
            self.missing += 1
            return
        low, high = estimate.lower, estimate.upper
        self.held += (low is None or low <= truth) and (high is None or high >= truth)
        self.open += low is None or high is None
        if low is not None and high is not None:
            self.widths.append(width(low, high))

    def told(self, runs: int) -> str:
        known = max(1, runs - self.missing)
        middle = f"{np.median(self.widths):.2f}" if self.widths else "-"
        return f"{100 * self.held / known:>7.1f} {100 * self.open / known:>6.1f} {100 * self.missing / runs:>6.1f} {middle:>8}"


def ratio_width(low: float, high: float) -> float:
    return high / low if low > 0 else math.inf


def days_width(low: float, high: float) -> float:
    return high - low


def coverage(runs: int, sizes: Sequence[int], seed: int) -> None:
    print(f"\nCoverage of 95 % intervals ({runs} pilots a row, seed {seed}; held %, open %, not estimable %, median width;")
    print(" widths are upper / lower for ratios and medians, days for the difference; the bootstrap in one run of ten, with 1,000 draws)")
    columns = ("median (log-log)", "ratio (MOVER)", "ratio (bootstrap)", "difference of means (skewed t)", "the same, normal")
    print(f"{'n':>4} {'censored':>8} {'true':>6} " + " ".join(f"{name:>30}" for name in columns))
    for medians, true in (((BEFORE, BEFORE), "1.00"), ((BEFORE, AFTER), f"{AFTER / BEFORE:.2f}")):
        for share in (0.20, 0.55):
            for n in sizes:
                row = one_row(runs, n, share, medians, seed)
                print(f"{n:>4} {100 * share:>6.0f} % {true:>6} " + " ".join(f"{part:>30}" for part in row), flush=True)


def one_row(runs: int, n: int, share: float, medians: tuple[float, float], seed: int) -> list[str]:
    generator = np.random.default_rng((seed, n, round(100 * share), round(medians[1])))
    scores = {name: Score() for name in ("median", "mover", "bootstrap", "t", "normal")}
    resampled = 0
    for run in range(runs):
        pair = censored_pilot(generator, n, share, medians)
        curves = curves_of(pair, OPTIONS)
        # Whole days by rounding up move a median by half a day, which is nothing beside its interval.
        scores["median"].add(curves[0].median, medians[0] + 0.5, ratio_width)
        truth = (medians[1] + 0.5) / (medians[0] + 0.5)
        scores["mover"].add(survival.ratio_by_mover(curves[0].median, curves[1].median), truth, ratio_width)
        both = pair.together
        if run % BOOTSTRAPPED == 0:
            resampled += 1
            drawn = survival.median_ratio(
                both.days, both.observed, pair.group, order=pair.order, interval="bootstrap", draws=OPTIONS.draws, seed=run
            )
            scores["bootstrap"].add(drawn, truth, ratio_width)
        tau = min(float(np.sort(part.days)[-5]) for part in pair.cohorts)
        difference = true_mean(medians[1], tau) - true_mean(medians[0], tau)
        for kind in ("t", "normal"):
            scores[kind].add(means(pair, tau, kind), difference, days_width)
    return [score.told(resampled if name == "bootstrap" else runs) for name, score in scores.items()]


def means(pair: Pair, tau: float, kind: Literal["t", "normal"]) -> Estimate:
    both = pair.together
    try:
        return survival.restricted_mean_difference(both.days, both.observed, pair.group, tau=tau, order=pair.order, interval=kind)
    except NotEstimable:  # nobody ended before tau
        return Estimate(None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000, help="pilots a row")
    parser.add_argument("--sizes", default="15,25,50", help="cases a cohort")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("claims", "coverage"), help="one of the two tables")
    parser.add_argument("--follow-up", choices=("alike", "unlike"), help="one of the two kinds of pilots without effect")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    if given.only != "coverage":
        claims(given.runs, sizes, given.seed, [given.follow_up] if given.follow_up else ["alike", "unlike"])
    if given.only != "claims":
        coverage(given.runs, sizes, given.seed)


if __name__ == "__main__":
    main()
