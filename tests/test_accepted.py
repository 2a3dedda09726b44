"""All that a coupling may be, against a scan of expected counts in NumPy; all interfaces say the same."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import renp
from relative import relative
from renp.inference.accepted import accepted
from renp.inference.upper_limits import delta_chi2

YB = renp.Atom.named("Yb")
DAY = 86400.0
RISE = delta_chi2(0.9)
POINTS = 40_000


def hermitian(rng: np.random.Generator) -> np.ndarray:
    """Return a random matrix, some of whose elements are 0."""
    matrix = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    matrix = matrix * (rng.random((3, 3)) < 0.5) + np.diag(rng.normal(size=3))
    return (matrix + matrix.conj().T) / 2


KINDS: dict[str, Callable[[np.random.Generator], renp.Interaction]] = {
    "vector left": lambda r: renp.VectorMediator(10 ** r.uniform(-2, 4), 1.0, left=hermitian(r)),
    "vector right": lambda r: renp.VectorMediator(10 ** r.uniform(-2, 4), 1.0, right=hermitian(r)),
    "scalar": lambda r: renp.ScalarMediator(10 ** r.uniform(-2, 4), 1.0, scalar=hermitian(r)),
    "charge": lambda r: renp.Charge(hermitian(r)),
    "own": lambda r: renp.Couplings(V=hermitian(r), A=hermitian(r)),
}


def random_model(kind: str, seed: int) -> tuple[renp.Experiment, renp.Neutrinos, renp.Interaction]:
    """Return runs, a third of them without counts, neutrinos and an interaction."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    interaction = KINDS[kind](rng)
    nu = renp.Neutrinos(rng.uniform(0.0, 0.05), str(rng.choice(["normal", "inverted"])))
    setting: dict[str, Any] = {
        "photon_energy": rng.uniform(1.0, 1.0705, 4),
        "duration": 10 ** rng.uniform(-1, 2.5, 4) * DAY,
        "background": rng.choice([0.0, 1.0], 4) * 10 ** rng.uniform(-7, -4, 4),
    }
    experiment = renp.Experiment(YB, renp.Target(), **setting)
    if seed % 3:
        mean = np.asarray(renp.expected_counts(experiment, nu))
        counts = rng.poisson(mean * (rng.uniform(0.7, 1.3) if seed % 3 == 2 else 1.0))
        experiment = renp.Experiment(YB, renp.Target(), counts=counts.astype(float), **setting)
    return experiment, nu, interaction


def scanned(
    experiment: renp.Experiment, nu: renp.Neutrinos, interaction: renp.Interaction
) -> list[tuple[float, float]]:
    """Return what is accepted of the interaction's strength, by a scan and bisection."""

    def mean(g: float) -> np.ndarray:
        return np.asarray(renp.expected_counts(experiment, nu, renp.Weak() + g * interaction))

    null, unit = mean(0.0), 1.0
    while not 0.1 < (change := np.sum(mean(unit) + mean(-unit) - 2 * null) / np.sum(null)) < 10:
        unit *= 0.5 * change**-0.5  # in which square and standard model are of one size
    linear, square = (mean(unit) - mean(-unit)) / 2, (mean(unit) + mean(-unit)) / 2 - null
    assert null - 0.7 * linear + 0.49 * square == relative(mean(-0.7 * unit), rel=1e-9)
    counts = null if experiment.counts is None else np.asarray(experiment.counts)

    def chi2(t: np.ndarray) -> np.ndarray:
        n = np.maximum(null + t[:, None] * (linear + t[:, None] * square), 1e-300)
        logs = np.where(counts > 0, counts * np.log(np.where(counts > 0, counts, 1.0) / n), 0.0)
        return 2 * np.sum(n - counts + logs, axis=1)

    far = 10.0
    while np.any(chi2(np.array([-far, far])) < np.min(chi2(np.linspace(-far, far, 2001))) + 10 * RISE):
        far *= 1.5
    t = np.linspace(-far, far, POINTS)
    y = chi2(t)
    turns = 1 + np.flatnonzero((y[1:-1] - y[:-2]) * (y[2:] - y[1:-1]) <= 0)
    for place in turns.tolist():
        low, high, sign = t[place - 1], t[place + 1], 1 if y[place] <= y[place - 1] else -1
        for _ in range(8):
            near = np.linspace(low, high, 21)
            k = np.argmin(sign * chi2(near))
            low, high = near[max(k - 1, 0)], near[min(k + 1, 20)]
        t = np.append(t, near[k])
    t = np.sort(t)
    height = chi2(t) - np.min(chi2(t)) - RISE
    least = np.min(chi2(t))
    cells = np.flatnonzero((height[1:] > 0) != (height[:-1] > 0))
    inside, outside = (
        np.where((height[cells] <= 0) == first, t[cells], t[cells + 1]) for first in (True, False)
    )
    for _ in range(70):
        middle = (inside + outside) / 2
        within = chi2(middle) - least <= RISE
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    ends = unit * inside
    return list(zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True))


def compare(kind: str, seed: int) -> int:
    """Compare accepted sets; return the number of intervals."""
    experiment, nu, interaction = random_model(kind, seed)
    expected = scanned(experiment, nu, interaction)
    likelihood = renp.Likelihood(experiment, nu, {"g": interaction})
    data = likelihood.asimov(likelihood.point()) if experiment.counts is None else likelihood.data
    found = accepted(likelihood, jax.tree.map(lambda a: a[None], data), np.array([True]), 0, RISE)
    parameter = likelihood.parameters[0]
    mine = float(parameter.plus) * np.asarray(found.intervals[0])
    mine = mine[np.isfinite(mine[:, 0])]
    if parameter.kind == "magnitude":
        expected = [(max(low, 0.0), high) for low, high in expected if high > 0]
    assert len(mine) == len(expected), (kind, seed)
    # An end near 0 is a difference of larger numbers: relative to the set's size.
    size = np.max(np.abs(mine))
    np.testing.assert_allclose(
        mine, np.array(expected), rtol=1e-9, atol=1e-9 * size, err_msg=f"{kind} {seed}"
    )
    assert bool(found.good[0])
    return len(mine)


@pytest.mark.parametrize("kind", KINDS)
def test_accepted_sets_are_those_of_a_scan(kind: str) -> None:
    for seed in range(4):
        compare(kind, seed)


@pytest.mark.slow
def test_accepted_sets_of_200_models_are_those_of_a_scan() -> None:
    numbers = [compare(kind, seed) for kind in KINDS for seed in range(40)]
    assert 1 < np.mean(numbers) < 2
