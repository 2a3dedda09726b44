"""Measure the coverage of every kind of limit and print the documentation's page about it."""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy import stats

import renp
from renp._types import Flags, Reals
from renp.inference import asymptotic
from renp.inference.accepted import accepted
from renp.inference.likelihood import Data
from renp.inference.outcomes import Method, Outcomes, margins, outcomes
from renp.inference.signal import Signal
from renp.inference.signed import signed_cls
from renp.inference.toys import measure_coverage
from renp.inference.upper_limits import delta_chi2
from renp.papers.letter import setup

LEVEL = 0.90
TOYS = 20_000
EXPECTED = (0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Counts without the coupling."""

EXTRA = (0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
"""Counts that a coupling without a sign adds, in units of (√N_0 + 1)/2."""

PLACES = (-2.0, -1.0, -0.5, -0.1, 0.3, 0.7, 1.0, 1.5, 2.0, 3.0)
"""Couplings with a sign, in units of the one at which the counts are least, whose mirror of 0 is at 2."""

FORMULAE = ("delta-chi2", "asymptotic", "cls, by its formula")
METHODS = (*FORMULAE, "cls", "feldman-cousins")

HEAD = """# Coverage of limits

How often a limit that is quoted at 90 % holds for the true value. Less than 90 % is too little; more is allowed, and a price.
Made by `make coverage`.

The worst case of each method, among all that follow:

{worst}

"""

ONE_RUN = """
## One run, a coupling without a sign

A moment μ_11, N_0 counts expected without it. No toys: the sum of the probabilities of all outcomes whose limit holds; each cell is the
least for moments that add {extra} counts, in units of (√N_0 + 1)/2.

"""

SIGNED = """
## One run, a coupling that has a sign

A mediator of 1 keV whose interference is destructive at first: counts are least at g_0, and at 2 g_0 as they are without it. All that
a method accepts, both solutions, has to contain the truth; each cell is the least for truths of {places} g_0, on either side of the mirror.

"""

SYSTEMATICS = """
## The letter's seven runs, with an uncertain rate

{toys:,} toys for each line, |μ_11| at once and 1.5 times the limit of the standard model's expectation by Δχ². The rate is uncertain by 5 %;
the external measurement of it fluctuates with the counts. "cls" is from toys up to 20 counts, by its formula above. Each cell is the
lesser of two, with an error of 0.3 from the toys.

"""

TAIL = """
What it says:

- "delta-chi2" is the letter's method, Δχ² = 2.71 above the least χ². For a coupling without a sign its limit is the upper end of a
  two-sided interval: it holds more often than said from one expected count on, and less often below, where a signal is most often not seen.
  With a sign all that it accepts holds as often as said, within a per cent or two.
- "asymptotic" is one-sided for a coupling without a sign, and too short wherever counts are few, although it is never below the limit
  expected with a deficit of one standard deviation. With a sign it is "delta-chi2".
- "cls" by its formula has the same weakness where less than three events are expected. What `upper_limits` does there is the next column: all
  outcomes, or toys if other parameters are fitted. It then holds at least as often as said, and more often where there is little sensitivity.
- "feldman-cousins" from all outcomes holds at least as often as said, and more often only because counts are whole numbers.
- Limits from toys hold as often as said within what the toys leave, here and in `upper_limits`: of 4000 toys half a per cent. Figures
  below 90 % at N_0 = 3 are chance: three times 100,000 toys give 90.0 to 90.2 and 89.9 to 90.1 % (Feldman–Cousins, either moment), and 90.3 %
  (CLs, the lesser of both), each known to 0.13.
"""


class Row(NamedTuple):
    """Least coverage at one number of expected counts."""

    expected: float
    coverage: dict[str, float]


def one_run(expected: float, interaction: renp.Interaction) -> renp.Likelihood:
    """Return a run with some counts expected without the coupling."""
    scenario = setup()
    atom, target = scenario.experiment.atom, scenario.experiment.target
    rate = renp.expected_counts(renp.Experiment(atom, target, [1.068], 1.0), scenario.neutrinos)[0]
    runs = renp.Experiment(atom, target, [1.068], expected / float(rate))
    return renp.Likelihood(runs, scenario.neutrinos, {"g": interaction})


def listed(likelihood: renp.Likelihood, most: float) -> tuple[Signal, Outcomes, Data]:
    """Return all outcomes for couplings up to a size."""
    signal = Signal.of(likelihood, 0)
    every = outcomes(signal.between(-most if signal.signed else 0.0, most))
    assert every is not None
    return signal, every, Data(jnp.asarray(every.counts), jnp.zeros((len(every.counts), 0)))


def without_a_sign(expected: float) -> Row:
    """Return the least coverage of limits on a moment."""
    likelihood = one_run(expected, renp.MagneticMoment({(1, 1): 1.0}))
    scale = (np.sqrt(expected) + 1) / 2
    slope = float(Signal.of(likelihood, 0).linear[0])
    signal, every, data = listed(likelihood, 3 * EXTRA[-1] * scale / slope)
    only = jnp.array([True])
    best = accepted(likelihood, data, only, 0, delta_chi2(LEVEL))
    upper = np.asarray(best.ends)[:, 1] ** 2
    null = likelihood.asimov(likelihood.point())
    deficit = asymptotic.expected_limits(
        likelihood, null, likelihood.start, only, 0, LEVEL, "asymptotic"
    ).value[1]
    held: dict[str, list[float]] = {method: [] for method in METHODS}
    for x in np.array(EXTRA) * scale / slope:
        p = stats.poisson.pmf(every.counts[:, 0], signal.mean(np.array([x]))[0, 0])
        tests = asymptotic.hypothesis_tests(likelihood, data, likelihood.start, only, 0, float(x))
        flags = {
            "delta-chi2": upper >= x,
            "asymptotic": (np.asarray(tests.p_signal) > 1 - LEVEL) | bool(x <= deficit),
            "cls, by its formula": np.asarray(tests.cls) > 1 - LEVEL,
        }
        flags |= exact(every, x)
        for method, flag in flags.items():
            held[method].append(float(p @ flag))
    return Row(expected, {method: min(of_all) for method, of_all in held.items()})


def with_a_sign(expected: float) -> Row:
    """Return the least coverage of limits on a mediator's strength."""
    sign = -1.0 if Signal.of(one_run(1.0, mediator(1.0)), 0).linear[0] > 0 else 1.0
    likelihood = one_run(expected, mediator(sign))
    signal = Signal.of(likelihood, 0)
    least = float(-signal.linear[0] / (2 * np.asarray(signal.square)[0]))
    signal, every, data = listed(likelihood, 2 * PLACES[-1] * least)
    only = jnp.array([True])
    sets = accepted(likelihood, data, only, 0, delta_chi2(LEVEL))
    formula = signed_cls(likelihood, data, only, 0, LEVEL)
    held: dict[str, list[float]] = {method: [] for method in METHODS}
    for x in np.array(PLACES) * least:
        p = stats.poisson.pmf(every.counts[:, 0], signal.mean(np.array([x]))[0, 0])
        two_sided = inside(np.asarray(sets.intervals), x)
        flags = {"delta-chi2": two_sided, "asymptotic": two_sided}
        flags |= {"cls, by its formula": inside(np.asarray(formula.intervals), x)} | exact(every, x)
        for method, flag in flags.items():
            held[method].append(float(p @ flag))
    return Row(expected, {method: min(of_all) for method, of_all in held.items()})


def mediator(sign: float) -> renp.VectorMediator:
    """Return a light mediator."""
    return renp.VectorMediator(1e3, sign, left={(k, k): 1.0 for k in (1, 2, 3)})


def inside(intervals: Reals, x: float) -> Flags:
    """Return which data sets accept a coupling, by their intervals."""
    margin = 1e-9 * abs(x)
    flags: Flags = np.any((intervals[..., 0] <= x + margin) & (x - margin <= intervals[..., 1]), axis=1)
    return flags


def exact(every: Outcomes, x: float) -> dict[str, Flags]:
    """Return which outcomes accept a coupling where all are listed."""
    methods: tuple[Method, ...] = ("cls", "feldman-cousins")
    return {m: margins(every, every, np.array([x]), m, LEVEL)[0] > 0 for m in methods}


def systematics() -> Iterator[tuple[float, float, str, float]]:
    """Yield expected counts, the moment's size, the kind and the coverage."""
    scenario = setup()
    units = {"μ_11": renp.MagneticMoment({(1, 1): 1.0})}
    rate = renp.Nuisances(normalisation_error=0.05)
    at_letter = renp.Likelihood(scenario.experiment, scenario.neutrinos, units, nuisances=rate)
    total = float(jnp.sum(at_letter.expected(at_letter.point())))
    for expected in EXPECTED:
        likelihood = at_letter.with_exposure(expected / total)
        runs = likelihood.experiment
        [of_kind] = renp.upper_limits(runs, scenario.neutrinos, couplings=units).limits.values()
        limit = of_kind["μ_11"]
        found = measure_coverage(likelihood, "μ_11", (limit, 1.5 * limit), toys=TOYS)
        for row in found.rows:
            yield expected, row.value, row.kind, row.coverage
        print(f"with an uncertain rate, {expected:g} counts", file=sys.stderr)


def table(rows: list[Row]) -> str:
    """Return a table of percentages, one line for each number of expected counts."""
    methods = list(rows[0].coverage)
    lines = ["| N_0 | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    lines += [
        f"| {row.expected:g} | " + " | ".join(f"{100 * c:.1f}" for c in row.coverage.values()) + " |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def by_expected(each: list[tuple[float, float, str, float]]) -> list[Row]:
    """Return the least coverage of each kind at each number of counts."""
    rows: dict[float, dict[str, float]] = {}
    for expected, _, kind, coverage in each:
        of_row = rows.setdefault(expected, {})
        of_row[kind] = min(coverage, of_row.get(kind, 1.0))
    return [Row(expected, coverage) for expected, coverage in rows.items()]


def worst(parts: dict[str, list[Row]]) -> str:
    """Return a table of the least coverage of each method in each part, and where it is."""
    lines = ["| | method | least coverage | at N_0 |", "|---|---|---|---|"]
    for part, rows in parts.items():
        found = [(min((row.coverage[m], row.expected) for row in rows), m) for m in rows[0].coverage]
        lines += [f"| {part} | {m} | {100 * c:.1f} % | {n:g} |" for (c, n), m in sorted(found)]
    return "\n".join(lines)


def page() -> str:
    """Return the documentation's page."""

    def rows_of(part: Callable[[float], Row], name: str) -> list[Row]:
        rows = []
        for expected in EXPECTED:
            rows.append(part(expected))
            print(f"{name}, {expected:g} counts", file=sys.stderr)
        return rows

    parts = {
        "without a sign": rows_of(without_a_sign, "without a sign"),
        "with a sign": rows_of(with_a_sign, "with a sign"),
        "uncertain rate": by_expected(list(systematics())),
    }
    first, second, third = parts.values()
    return "".join(
        [
            HEAD.format(worst=worst(parts)),
            ONE_RUN.lstrip("\n").format(extra=", ".join(f"{x:g}" for x in EXTRA)),
            table(first),
            SIGNED.format(places=", ".join(f"{x:g}" for x in PLACES)),
            table(second),
            SYSTEMATICS.format(toys=TOYS),
            table(third),
            TAIL,
        ]
    )


if __name__ == "__main__":
    print(page(), end="")
