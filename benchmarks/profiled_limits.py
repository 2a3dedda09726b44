"""Profiled upper limits per second: ensembles of renp, and iminuit on two rival likelihoods.

Run as ``python benchmarks/profiled_limits.py``. The set-up is the letter's (PLB 841 137911): seven runs of
ten days, and a hundredth of that, where runs have a count or none. The parameter of interest is the magnetic
moment 11, its limit is where the profiled χ² has risen by 2.71, and six nuisance parameters are profiled.

The rivals are given every help: where only rates are uncertain, the spectra are computed once; iminuit starts
at the truth; its tolerance is the loosest that reaches the agreement asked for. They compute one limit
after the other on one core, renp many at a time on all: compare by processor time as well as by the clock.
Compilation is not counted. Where two limits of the same data differ by more than 10⁻³, fits with the moment
held at either show whose χ² has risen by 2.71: MINOS errs by a few 10⁻³ where the best fit is at the bound.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray

import renp
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Data
from renp.inference.newton import CONVERGED

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from oracles import notebook

Reals = NDArray[np.float64]
Cost = Callable[[Reals, Reals, Reals], float]
"""−2 ln L of a point, counts and external measurements."""

ENERGIES = np.array([1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164])
E_EG, E_VG = 2.14349, 2.23072
TEN_DAYS = 864000.0
BACKGROUND = 1e-6
RISE = 2.71
AGREEMENT = 1e-3
TOLERANCE = 1e-3
MEASURED = np.array(
    [
        [0.308, 0.012, 0.011],
        [0.02215, 0.00056, 0.00058],
        [7.49e-5, 1.9e-6, 1.9e-6],
        [2.513e-3, 2.1e-5, 1.9e-5],
    ]
)
OSCILLATION = ("sin2_theta12", "sin2_theta13", "dm2_21", "dm2_31")
RATE_ERRORS = np.array([0.05, 0.1, 0.2, 0.3, 0.2, 0.1])
CHOICES = {
    "rates": renp.Nuisances(normalisation_error=0.05, background_error=[*RATE_ERRORS[1:], 0.0, 0.0]),
    "mixed": renp.Nuisances(OSCILLATION, normalisation_error=0.05, background_error=0.1),
}
TOYS = {"renp": 4096, "iminuit, compiled": 64, "iminuit, NumPy": 12}


class Outcome(NamedTuple):
    """Limits, not a number where none was found, and what they took."""

    limits: Reals
    wall: float
    processor: float


def measured() -> tuple[list[dict[str, Any]], int]:
    """Print a table for each choice of nuisances and each exposure.

    Returns
    -------
    list of dict, int
        A row for each method, and how many limits of renp are wrong.
    """
    rows, wrong = [], 0
    for choice, nuisances in CHOICES.items():
        for name, seconds in (("the letter's exposure", TEN_DAYS), ("a hundredth of it", TEN_DAYS / 100)):
            likelihood = letter(seconds, nuisances)
            data = toys(likelihood, max(TOYS.values()))
            costs = rates_costs if choice == "rates" else mixed_costs
            compiled, plain = costs(seconds, float(likelihood.parameters[0].plus))
            outcomes = {
                "renp": by_renp(likelihood, data),
                "iminuit, compiled": by_minuit(compiled, data, TOYS["iminuit, compiled"]),
                "iminuit, NumPy": by_minuit(plain, data, TOYS["iminuit, NumPy"]),
            }
            title = f"{choice}, {name}"
            report(title, data, outcomes)
            rows += [_row(title, method, outcome, outcomes["renp"]) for method, outcome in outcomes.items()]
            ours = outcomes.pop("renp").limits
            wrong += sum(
                compare(method, ours, found.limits, compiled, data) for method, found in outcomes.items()
            )
    return rows, wrong


def _row(title: str, method: str, outcome: Outcome, ours: Outcome) -> dict[str, Any]:
    wall = rates(outcome)[0]
    return {
        "what": f"profiled limits, {title}",
        "method": method,
        "each": f"{1e6 / wall:.3g} µs",
        "ratio": rates(ours)[0] / wall,
    }


def letter(seconds: float, nuisances: renp.Nuisances) -> renp.Likelihood:
    """Return the likelihood of the letter's runs, with a little background."""
    atom = renp.Atom("Yb", E_eg=E_EG, E_vg=E_VG)
    experiment = renp.Experiment(atom, renp.Target(), ENERGIES, seconds, BACKGROUND)
    unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    return renp.Likelihood(experiment, renp.Neutrinos(0.01), unit, nuisances=nuisances)


def toys(likelihood: renp.Likelihood, number: int) -> Data:
    """Return data sets without a moment: in about half of them the best fit is at the bound."""
    rng, exact = np.random.default_rng(1), likelihood.asimov(likelihood.point())
    counts = rng.poisson(exact.counts, (number, ENERGIES.size)).astype(float)
    return Data(counts, rng.normal(size=(number, exact.pulls.size)))


# --- the methods -----------------------------------------------------------------------------------------


def by_renp(likelihood: renp.Likelihood, data: Data) -> Outcome:
    """Fit all data sets and search for their limits, after one pass that compiles."""
    moves = jnp.ones(len(likelihood.names), dtype=bool)

    def limits() -> Reals:
        best = fit_ensemble(likelihood, data, likelihood.start, moves)
        found = crossing_ensemble(likelihood, data, best, moves, 0, 1, RISE)
        good = (np.asarray(best.status) == CONVERGED) & (np.asarray(found.status) == CONVERGED)
        return np.where(good, found.value, np.nan)

    limits()
    wall, processor = time.perf_counter(), time.process_time()
    found = limits()
    return Outcome(found, time.perf_counter() - wall, time.process_time() - processor)


def by_minuit(cost: Cost, data: Data, number: int) -> Outcome:
    """Fit one data set after the other by Migrad, and search for its limit by MINOS."""
    nuisances = data.pulls.shape[1]
    cost(np.zeros(1 + nuisances), data.counts[0], data.pulls[0])
    found = np.full(number, np.nan)
    wall, processor = time.perf_counter(), time.process_time()
    for toy in range(number):
        minuit = Minuit(of_data(cost, data, toy), np.array([0.5, *np.zeros(nuisances)]))
        minuit.errordef, minuit.tol = RISE, TOLERANCE
        # Without limits MINOS tries sin²θ below 0.
        minuit.limits = [(0, None)] + [(-8, 8)] * nuisances
        minuit.migrad()
        if minuit.valid:
            minuit.minos("x0")
            error = minuit.merrors["x0"]
            if error.upper_valid:
                found[toy] = minuit.values["x0"] + error.upper
    return Outcome(found, time.perf_counter() - wall, time.process_time() - processor)


def of_data(cost: Cost, data: Data, toy: int) -> Callable[[Reals], float]:
    """Return −2 ln L of one data set."""
    counts, pulls = data.counts[toy], data.pulls[toy]
    return lambda x: cost(x, counts, pulls)


# --- the rival likelihoods, compiled and not ---------------------------------------------------------------


def standard(**changed: Any) -> notebook.Nature:
    """Return the neutrinos that the toys are drawn with, with some parameters changed."""
    names = ("sin2_theta12", "sin2_theta13", "dm2_21", "splitting")
    return notebook.Nature(0.01, **(dict(zip(names, MEASURED[:, 0], strict=True)) | changed))


def moment(size: float) -> NDArray[np.complex128]:
    """Return the matrix of a moment 11."""
    return np.diag([size, 0.0, 0.0]).astype(complex)


def rates_costs(seconds: float, unit: float) -> tuple[Cost, Cost]:
    """Return −2 ln L with uncertain rates: counts are linear in the square of the moment."""
    import numba

    setup = notebook.Runs(E_EG, E_VG, ENERGIES, np.full(7, seconds), np.full(7, BACKGROUND))
    null = seconds * notebook.WIDTH * notebook.spectrum(setup, standard())
    signal = seconds * notebook.WIDTH * notebook.spectrum(setup, standard(magnetic=moment(unit))) - null
    background, factors = seconds * BACKGROUND, 1 + RATE_ERRORS

    def plain(x: Reals, counts: Reals, measured: Reals) -> float:
        factor = factors ** x[1:]
        expected = factor[0] * (null + x[0] * signal) + background * np.append(factor[1:], [1.0, 1.0])
        return notebook.chi2(expected, counts, x[1:], measured)

    @numba.njit
    def compiled(x: Reals, counts: Reals, measured: Reals) -> float:
        total = 0.0
        for k in range(6):
            total += (x[k + 1] - measured[k]) ** 2
        normalisation = factors[0] ** x[1]
        for r in range(7):
            expected = normalisation * (null[r] + x[0] * signal[r])
            expected += background * factors[r + 1] ** x[r + 2] if r < 5 else background
            total += 2 * (expected - counts[r])
            if counts[r] > 0:
                total += 2 * counts[r] * np.log(counts[r] / expected)
        return total

    return compiled, plain


def mixed_costs(seconds: float, unit: float) -> tuple[Cost, Cost]:
    """Return −2 ln L with uncertain mixing, splittings, normalisation and background."""
    import numba

    setup = notebook.Runs(E_EG, E_VG, ENERGIES, np.full(7, seconds), np.full(7, BACKGROUND))
    spectrum, shifted = notebook.compiled_dirac_spectrum(), numba.njit(notebook.shifted)
    width = notebook.WIDTH

    def plain(x: Reals, counts: Reals, measured: Reals) -> float:
        names = ("sin2_theta12", "sin2_theta13", "dm2_21", "splitting")
        pairs = zip(names, x[1:5], MEASURED, strict=True)
        changed = {name: notebook.shifted(pull, *numbers) for name, pull, numbers in pairs}
        nature = standard(**changed, magnetic=moment(unit * np.sqrt(x[0])))
        expected = notebook.expected(setup, nature, normalisation=1.05 ** x[5], background=1.1 ** x[6])
        return notebook.chi2(expected, counts, x[1:], measured)

    @numba.njit
    def compiled(x: Reals, counts: Reals, measured: Reals) -> float:
        total = 0.0
        for k in range(6):
            total += (x[k + 1] - measured[k]) ** 2
        value = np.empty(4)
        for k in range(4):
            value[k] = shifted(x[k + 1], MEASURED[k, 0], MEASURED[k, 1], MEASURED[k, 2])
        m = np.sqrt(np.array([1e-4, 1e-4 + value[2], 1e-4 + value[3]]))
        rate = spectrum(ENERGIES, E_EG, E_VG, m, value[0], value[1], unit**2 * x[0])
        normalisation, background = 1.05 ** x[5], 1.1 ** x[6] * BACKGROUND
        for r in range(7):
            expected = seconds * (normalisation * width * rate[r] + background)
            total += 2 * (expected - counts[r])
            if counts[r] > 0:
                total += 2 * counts[r] * np.log(counts[r] / expected)
        return total

    return compiled, plain


# --- the table -------------------------------------------------------------------------------------------


def report(title: str, data: Data, outcomes: dict[str, Outcome]) -> None:
    """Print rates, ratios and failures."""
    print(f"\n{title}: {np.mean(data.counts.sum(1)):.1f} counts in a data set on average")
    print(
        f"{'method':18}{'data sets':>10}{'failed':>8}{'per s':>11}{'per CPU s':>11}{'renp is faster by':>24}"
    )
    ours = rates(outcomes["renp"])
    for name, outcome in outcomes.items():
        wall, processor = rates(outcome)
        faster = f"{ours[0] / wall:.3g}, per CPU s {ours[1] / processor:.3g}" if name != "renp" else ""
        failed = int(np.isnan(outcome.limits).sum())
        print(f"{name:18}{outcome.limits.size:10d}{failed:8d}{wall:11.1f}{processor:11.1f}{faster:>24}")


def rates(outcome: Outcome) -> tuple[float, float]:
    """Return limits per second and per second of all processors."""
    return outcome.limits.size / outcome.wall, outcome.limits.size / outcome.processor


def compare(name: str, ours: Reals, theirs: Reals, cost: Cost, data: Data) -> int:
    """Print how well the limits of a rival agree; return how many of renp's are wrong where they do not."""
    deviation = np.abs(theirs / ours[: theirs.size] - 1)
    both = np.flatnonzero(~np.isnan(deviation))
    differ = both[deviation[both] > AGREEMENT]
    wrong = [
        np.abs(rises(cost, data, toy, [ours[toy], theirs[toy]]) - RISE) > AGREEMENT * RISE for toy in differ
    ]
    blame = np.sum(wrong, axis=0, dtype=int) if wrong else (0, 0)
    print(f"{name}: {both.size} limits in common with renp, largest deviation {np.max(deviation[both]):.1e};")
    print(
        f"    {differ.size} differ by more than {AGREEMENT}: renp's is wrong for {blame[0]}, MINOS's for {blame[1]}"
    )
    return int(blame[0])


def rises(cost: Cost, data: Data, toy: int, values: list[float]) -> Reals:
    """Return by how much the χ² has risen where the moment is held, from fits of the nuisances alone."""
    minuit = Minuit(of_data(cost, data, toy), np.zeros(1 + data.pulls.shape[1]))
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-6
    minuit.limits = [(0, None)] + [(-8, 8)] * data.pulls.shape[1]

    def least(value: float | None) -> float:
        minuit.fixed["x0"] = value is not None
        minuit.values["x0"] = 0.5 if value is None else value
        return float(minuit.migrad().fval)

    return np.array([least(value) for value in values]) - min(least(0.0), least(None))


if __name__ == "__main__":
    sys.exit(measured()[1] > 0)
