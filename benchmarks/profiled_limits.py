"""Profiled upper limits per second beside iminuit with a compiled and with a NumPy likelihood, in one run.

The letter's seven photon energies, |μ_11|² as the parameter of interest, six nuisance parameters, Δχ² = 2.71; at
the letter's exposure and at a hundredth of it (2.6 to 0.03 counts in the runs), toys without a moment: half of
the best fits lie on the boundary. All limits that two ways found are compared.
"""

import json
import os
import platform
import sys
import time
from pathlib import Path

import jax
import numba
import numpy as np
from iminuit import Minuit

import renp
from renp.inference.ensembles import crossing_ensemble, fit_ensemble
from renp.inference.limits import delta_chi2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from oracles import notebook  # the independent likelihood

YB = renp.Atom("Yb", E_eg=2.14349, E_vg=2.23072)
NU = renp.Neutrinos(0.01)
ENERGIES = [1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
RISE = delta_chi2(0.90)
BACKGROUND = 1e-6  # 1/s
TOYS, BY_COMPILED, BY_NUMPY = 40_960, 400, 12

RATES = renp.Nuisances(normalisation=0.05, background=[0.1] * 5 + [0.0, 0.0])
MIXED = renp.Nuisances("all", normalisation=0.05, background=0.1)


def likelihood_of(days: float, nuisances: renp.Nuisances) -> renp.Likelihood:
    """Return the package's likelihood."""
    runs = renp.Experiment(YB, renp.Target(), ENERGIES, days * 86400.0, background=BACKGROUND)
    return renp.Likelihood(runs, NU, {"mu": renp.MagneticMoment({(1, 1): 1.0})}, nuisances=nuisances)


def rivals(days: float, likelihood: renp.Likelihood, mixed: bool):
    """Return χ²(x, counts, pulls) over the same coordinates, compiled and in NumPy."""
    unit = float(likelihood.parameters[0].plus)
    runs = notebook.Runs(
        2.14349, 2.23072, np.array(ENERGIES), np.full(7, days * 86400.0), np.full(7, BACKGROUND)
    )
    centres = np.array([float(p.centre) for p in likelihood.parameters[1:5]])
    errors = np.array([[float(p.plus), float(p.minus)] for p in likelihood.parameters[1:5]])
    fixed = np.array([0.308, 0.02215, 7.49e-5, 2.513e-3])
    spectrum = notebook.compiled_dirac_spectrum()
    in_bohr_magnetons = unit**2
    runs_photons, runs_durations = runs.photons, runs.durations
    shifted = numba.njit(notebook.shifted)

    @numba.njit
    def compiled(x, counts, pulls):
        values = fixed.copy()
        if mixed:
            for k in range(4):
                values[k] = shifted(x[1 + k], centres[k], errors[k, 0], errors[k, 1])
        m1 = 0.01
        m = np.array([m1, np.sqrt(m1**2 + values[2]), np.sqrt(m1**2 + values[3])])
        strength = spectrum(
            runs_photons, 2.14349, 2.23072, m, values[0], values[1], max(x[0], 0.0) * in_bohr_magnetons
        )
        total = 0.0
        for r in range(7):
            if mixed:
                norm, back = 1.05 ** x[5], 1.1 ** x[6]
            else:
                norm, back = 1.05 ** x[1], 1.1 ** x[2 + r] if r < 5 else 1.0
            expected = runs_durations[r] * (norm * 0.002 * strength[r] + back * BACKGROUND)
            total += 2 * (expected - counts[r])
            if counts[r] > 0:
                total += 2 * counts[r] * np.log(counts[r] / expected)
        for k in range(6):
            total += (x[1 + k] - pulls[k]) ** 2
        return total

    moment = np.zeros((3, 3), dtype=complex)
    moment[0, 0] = 1.0

    def plain(x, counts, pulls):
        values = fixed
        if mixed:
            values = [notebook.shifted(x[1 + k], centres[k], *errors[k]) for k in range(4)]
        nature = notebook.Nature(
            0.01, values[2], values[3], values[0], values[1], magnetic=np.sqrt(max(x[0], 0.0)) * unit * moment
        )
        if mixed:
            norm, back = notebook.factor(x[5], 0.05), notebook.factor(x[6], 0.1)
        else:
            norm = notebook.factor(x[1], 0.05)
            back = np.array([notebook.factor(x[2 + r], 0.1) if r < 5 else 1.0 for r in range(7)])
        expectation = notebook.expected(runs, nature, 0.0, norm, back)
        return notebook.chi2(expectation, counts, x[1:], pulls)

    return compiled, plain


def by_minuit(chi2, counts, pulls) -> float:
    """Return the profiled upper limit by Migrad and MINOS; NaN where they fail."""
    minuit = Minuit(lambda x: chi2(x, counts, pulls), np.array([1.0, *pulls]))
    minuit.errors = [1.0] * 7
    minuit.limits[0] = (0, None)
    minuit.migrad()
    minuit.errordef = RISE
    try:
        minuit.minos("x0")
    except RuntimeError:
        return np.nan
    error = minuit.merrors["x0"]
    return minuit.values[0] + error.upper if error.upper_valid else np.nan


def by_renp(likelihood: renp.Likelihood, data):
    """Return the limits of all data sets, and how many failed."""
    every = np.ones(7, dtype=bool)
    best = fit_ensemble(likelihood, data, likelihood.point(), every)
    found = crossing_ensemble(likelihood, data, best, every, 0, 1.0, RISE)
    return np.asarray(found.value), int(np.sum((found.status != 0) | (best.status != 0)))


def timed(function, *arguments):
    """Return a result and the seconds that it took."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def measure(days: float, nuisances: renp.Nuisances, mixed: bool) -> dict[str, float]:
    """Return rates, ratios, failures and the largest disagreement for one set-up."""
    likelihood = likelihood_of(days, nuisances)
    toys = jax.tree.map(np.asarray, likelihood.toys(likelihood.point(), jax.random.key(0), TOYS))
    _, first = timed(by_renp, likelihood, toys)  # compiles what it needs
    (limits, failed), seconds = timed(by_renp, likelihood, toys)
    compiled, plain = rivals(days, likelihood, mixed)
    compiled(np.array([1.0] + [0.0] * 6), toys.counts[0], toys.pulls[0])
    rates = {"renp": TOYS / seconds}
    disagreement, lost = 0.0, {}
    for name, chi2, number in (("compiled", compiled, BY_COMPILED), ("numpy", plain, BY_NUMPY)):
        found, spent = timed(
            lambda f=chi2, n=number: np.array([by_minuit(f, toys.counts[t], toys.pulls[t]) for t in range(n)])
        )
        rates[name] = number / spent
        good = np.isfinite(found)
        lost[name] = int(np.sum(~good))
        disagreement = max(disagreement, float(np.median(np.abs(found[good] / limits[:number][good] - 1))))
    return {
        "days": days,
        "mixed": mixed,
        "limits_per_second": rates["renp"],
        "first_call_s": first,
        "over_iminuit_compiled": rates["renp"] / rates["compiled"],
        "over_iminuit_numpy": rates["renp"] / rates["numpy"],
        "failed": failed,
        "iminuit_failed": f"{lost['compiled']} of {BY_COMPILED}, {lost['numpy']} of {BY_NUMPY}",
        "median_disagreement": disagreement,
    }


if __name__ == "__main__":
    results = [
        measure(days, nuisances, mixed)
        for nuisances, mixed in ((RATES, False), (MIXED, True))
        for days in (10.0, 0.1)
    ]
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    for row in results:
        print(json.dumps({key: round(x, 6) if isinstance(x, float) else x for key, x in row.items()}))
    print(json.dumps(machine))
