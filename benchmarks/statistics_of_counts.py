"""The likelihood and its gradient for many data sets, fits, and limits of pyhf."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
import profiled_limits
import pyhf
from iminuit import Minuit
from measure import fastest
from numpy.typing import NDArray
from scipy.optimize import brentq

import renp
from renp.compiled import compiled
from renp.inference.ensembles import fit_ensemble, in_chunks
from renp.inference.likelihood import Data, Likelihood

Reals = NDArray[np.float64]
Row = dict[str, Any]

TOYS = 10**4
CHUNK = 2500
PARAMETERS = 22
ELEMENTS = [(i, j) for i in (1, 2, 3) for j in range(i, 4)]


def likelihoods() -> list[Row]:
    """Time −2 ln L and its gradient in 22 parameters, each data set at a point of its own."""
    rows = []
    for name, likelihood in {"rates": _rates(), "with masses and mixing": _kinematic()}.items():
        assert len(likelihood.names) == PARAMETERS
        x, data = _points(likelihood)
        value, slope = (_batched(f) for f in (likelihood.chi2, jax.grad(likelihood.chi2)))
        rows += _rows(f"likelihood, 22 parameters, {name}", {"renp": partial(value, (x, data))}, TOYS)
        rows += _rows(f"gradient, 22 parameters, {name}", {"renp": partial(slope, (x, data))}, TOYS)
    return rows + likelihood_beside_numpy()


def likelihood_beside_numpy() -> list[Row]:
    """Time −2 ln L in seven parameters beside a notebook's, in numba and in NumPy."""
    likelihood = profiled_limits.letter(profiled_limits.TEN_DAYS, profiled_limits.CHOICES["mixed"])
    x, data = _points(likelihood)
    value = _batched(likelihood.chi2)
    numba, numpy = profiled_limits.mixed_costs(profiled_limits.TEN_DAYS, float(likelihood.parameters[0].plus))
    rivals = {
        "numba, notebook": _one_by_one(numba, x, data, TOYS),
        "NumPy, notebook": _one_by_one(numpy, x, data, 200),
    }
    calls = {"renp": lambda: value((x, data)), **rivals}
    return _rows("likelihood, 7 parameters, with masses and mixing", calls, TOYS, {"NumPy, notebook": 200})


def fits() -> list[Row]:
    """Time fits of a moment and six rates, beside iminuit with a compiled likelihood."""
    likelihood = profiled_limits.letter(profiled_limits.TEN_DAYS, profiled_limits.CHOICES["rates"])
    data = profiled_limits.toys(likelihood, TOYS)
    compiled_cost, _ = profiled_limits.rates_costs(
        profiled_limits.TEN_DAYS, float(likelihood.parameters[0].plus)
    )
    moves = np.ones(len(likelihood.names), dtype=bool)

    def minuits() -> None:
        for toy in range(200):
            minuit = Minuit(profiled_limits.of_data(compiled_cost, data, toy), np.array([0.5, *np.zeros(6)]))
            minuit.errordef, minuit.limits = Minuit.LEAST_SQUARES, [(0, None)] + [(-8, 8)] * 6
            minuit.migrad()

    calls = {
        "renp": lambda: fit_ensemble(likelihood, data, likelihood.start, moves),
        "iminuit, compiled": minuits,
    }
    return _rows("fits, 7 parameters", calls, TOYS, {"iminuit, compiled": 200})


def limits() -> list[Row]:
    """Time one CLs limit with seven uncertain rates, beside pyhf."""
    likelihood = profiled_limits.letter(profiled_limits.TEN_DAYS, profiled_limits.CHOICES["rates"])
    runs = renp.Experiment(
        likelihood.experiment.atom,
        likelihood.experiment.target,
        likelihood.experiment.photon_energy,
        profiled_limits.TEN_DAYS,
        profiled_limits.BACKGROUND,
        counts=np.round(np.asarray(likelihood.expected(likelihood.point()))),
    )
    unit = {"mu": {"11": renp.MagneticMoment({(1, 1): 1.0})}}
    nuisances = profiled_limits.CHOICES["rates"]
    observed = renp.Likelihood(runs, likelihood.neutrinos, {"mu": unit["mu"]["11"]}, nuisances=nuisances)
    pyhf.set_backend("numpy", "scipy")
    workspace = pyhf.Workspace(renp.pyhf_workspace(observed, "mu"))
    model = workspace.model(poi_name="mu")
    model.config.set_poi("mu")
    data = workspace.data(model)
    calls = {
        "renp": lambda: renp.upper_limits(
            runs, likelihood.neutrinos, method="cls", couplings=unit, nuisances=nuisances
        ),
        "pyhf": lambda: _pyhf_limit(data, model),
    }
    return _rows("one CLs limit, 7 parameters", calls, 1)


def exact() -> list[Row]:
    """Time limits on one coupling by p-values that are no formula, without and with a sign, and the reach."""
    atom, target, neutrinos = renp.Atom.named("Yb"), renp.Target(), renp.Neutrinos(0.01)
    kinds = {"moment": renp.MagneticMoment({(1, 1): 1.0}), "mediator": _mediator(1e3)}
    rows = []
    for days in (1.0, 10.0):
        runs = renp.Experiment(atom, target, profiled_limits.ENERGIES, 86400.0 * days)
        for name, unit in kinds.items():
            for method in ("cls", "feldman-cousins"):
                options: dict[str, Any] = {"couplings": {"g": unit}, "method": method}
                call = partial(renp.upper_limits, runs, neutrinos, **options)
                rows += _rows(f"one limit, {name}, seven runs of {days:g} days, {method}", {"renp": call}, 1)
    masses = np.geomspace(1.0, 1e5, 50)
    call = partial(renp.reach, runs, neutrinos, _mediator, masses)
    return rows + _rows("reach over 50 masses", {"renp": lambda: jax.block_until_ready(call())}, 1)


def _mediator(mass: Any) -> renp.VectorMediator:
    return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})


def _pyhf_limit(data: list[float], model: Any) -> float:
    """Return where CLs is 0.1, with as many tests as a good root finder needs."""
    bounds = model.config.suggested_bounds()
    bounds[model.config.poi_index] = (0.0, 100.0)

    def above(mu: float) -> float:
        return float(pyhf.infer.hypotest(mu, data, model, test_stat="qtilde", par_bounds=bounds)) - 0.1

    return float(brentq(above, 0.1, 20.0, rtol=1e-4))


def _rates() -> Likelihood:
    couplings = _moments() | {
        "radius_11": renp.ChargeRadius({(1, 1): 1.0}),
        "anapole_11": renp.Anapole({(1, 1): 1.0}),
    }
    return _likelihood(couplings, renp.Nuisances(normalisation_error=0.05, background_error=[0.1] * 7))


def _kinematic() -> Likelihood:
    nuisances = renp.Nuisances("all", normalisation_error=0.05, background_error=[*[0.1] * 5, 0.0, 0.0])
    return _likelihood(_moments(), nuisances)


def _moments() -> dict[str, renp.Interaction]:
    kinds = {"mu": renp.MagneticMoment, "eps": renp.ElectricMoment}
    return {f"{name}_{i}{j}": kind({(i, j): 1.0}) for name, kind in kinds.items() for i, j in ELEMENTS}


def _likelihood(couplings: dict[str, renp.Interaction], nuisances: renp.Nuisances) -> Likelihood:
    atom = renp.Atom.named("Yb")
    runs = renp.Experiment(
        atom, renp.Target(), profiled_limits.ENERGIES, profiled_limits.TEN_DAYS, profiled_limits.BACKGROUND
    )
    return renp.Likelihood(runs, renp.Neutrinos(0.01), couplings, nuisances=nuisances)


def _points(likelihood: Likelihood) -> tuple[Reals, Data]:
    rng = np.random.default_rng(1)
    x = np.asarray(likelihood.start) + 0.1 * rng.normal(size=(TOYS, len(likelihood.names)))
    data = likelihood.toys(likelihood.point(), jax.random.key(1), TOYS)
    return np.clip(x, *map(np.asarray, likelihood.bounds)), jax.tree.map(np.asarray, data)


def _batched(function: Callable[..., Any]) -> Callable[[Any], Any]:
    batched = compiled(lambda given: jax.vmap(function)(*given))
    return lambda given: in_chunks(batched, given, CHUNK)


def _one_by_one(cost: Callable[..., float], x: Reals, data: Data, number: int) -> Callable[[], Any]:
    return lambda: [cost(x[k], data.counts[k], data.pulls[k]) for k in range(number)]


def _rows(
    what: str, calls: dict[str, Callable[[], Any]], number: int, fewer: dict[str, int] | None = None
) -> list[Row]:
    times = fastest(calls, seconds=2.0)
    each = {name: time / (fewer or {}).get(name, number) for name, time in times.items()}
    return [
        {
            "what": what,
            "method": name,
            "each": f"{1e6 * each[name]:.3g} µs",
            "ratio": each[name] / each["renp"],
        }
        for name in calls
    ]


if __name__ == "__main__":
    for row in exact() + likelihoods() + fits() + limits():
        print(row, flush=True)
