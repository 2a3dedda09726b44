"""Limits by formulae on couplings that have a sign, against the formulae on a fine grid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import renp
from cases import DAY, YB
from relative import relative
from renp.inference.signal import Signal
from renp.inference.signed import signed_cls

NU = renp.Neutrinos(0.01)
LIGHT = renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})
ENERGIES = [1.06, 1.068, 1.07]
STANDARD = np.asarray(renp.expected_counts(renp.Experiment(YB, renp.Target(), ENERGIES, 10 * DAY), NU))


def likelihood_of(excess: float, error: float = 0.0) -> renp.Likelihood:
    counts = np.round(excess * STANDARD)
    runs = renp.Experiment(YB, renp.Target(), ENERGIES, 10 * DAY, counts=counts)
    return renp.Likelihood(runs, NU, {"g": LIGHT}, nuisances=renp.Nuisances(normalisation_error=error))


def poisson(counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return 2 * np.sum(mean - counts + counts * np.log(counts / mean), axis=-1)


def accepted_on_grid(t: np.ndarray, t_asimov: np.ndarray) -> np.ndarray:
    """Cowan et al., Eqs. 35 and 36: 1 − F(t) = Φ(−√t − a) + Φ(a − √t), a = √t_A, which is 0 at the truth."""
    root, a = np.sqrt(t), np.sqrt(t_asimov)
    return 2 * stats.norm.sf(root) > 0.1 * (stats.norm.sf(root + a) + stats.norm.sf(root - a))


@pytest.mark.parametrize("excess", [0.8, 1.0, 1.3])
def test_cls_with_a_sign_is_the_formula_on_a_grid(excess: float) -> None:
    likelihood = likelihood_of(excess)
    data = jax.tree.map(lambda a: a[None], likelihood.data)
    found = signed_cls(likelihood, data, np.array([True]), 0, 0.90)
    signal, counts = Signal.of(likelihood, 0), np.asarray(likelihood.experiment.counts)
    x = np.linspace(-8, 8, 800_001)
    mean = signal.null + x[:, None] * (signal.linear + x[:, None] * np.asarray(signal.square))
    chi2 = poisson(counts, mean)
    inside = accepted_on_grid(np.maximum(chi2 - chi2.min(), 0), np.maximum(poisson(signal.null, mean), 0))
    # On either side of the barrier, where there is one; x = 0 and its mirror are never excluded.
    valley = np.flatnonzero((chi2[1:-1] < chi2[:-2]) & (chi2[1:-1] < chi2[2:])) + 1
    assert len(valley) == (1 if excess < 0.9 else 2)
    top = valley[0] + np.argmax(chi2[valley[0] : valley[-1] + 1])
    sides = [x] if inside[top] else [x[:top], x[top:]]
    ends = [one[np.isin(one, x[inside])][[0, -1]] for one in sides]
    assert found.intervals[0].tolist() == [pytest.approx(list(end), abs=3e-5) for end in ends]
    assert np.interp(float(found.best[0]), x, chi2) == pytest.approx(chi2.min(), abs=1e-6)
    assert sorted(found.rises[0].tolist())[0] == 0.0


def test_asymptotic_with_a_sign_is_two_sided() -> None:
    """χ² with one degree of freedom at every coupling: the interval by Δχ², both solutions in it."""
    likelihood = likelihood_of(0.8)
    couplings = {"vector-mediator": {"g": LIGHT}}
    found, known = (
        renp.upper_limits(likelihood.experiment, NU, couplings=couplings, method=m)
        for m in ("asymptotic", "delta-chi2")
    )
    assert found.accepted == known.accepted
    assert found.limits == known.limits


@pytest.mark.slow
def test_nuisances_widen_cls_of_both_solutions() -> None:
    widths = []
    for error in (0.0, 0.05, 0.1):
        likelihood = likelihood_of(1.0, error)
        data = jax.tree.map(lambda a: a[None], likelihood.data)
        every = np.ones(len(likelihood.names), dtype=bool)
        found = signed_cls(likelihood, data, every, 0, 0.90)
        widths.append(float(np.ptp(found.ends[0])))
    assert np.all(np.diff(widths) > 0)


@pytest.mark.slow
def test_ends_of_many_data_sets_are_those_of_each() -> None:
    """Interpolated, to a part of a thousandth."""
    likelihood = likelihood_of(1.0)
    toys = likelihood.toys(likelihood.point(), jax.random.key(3), 40)
    moves = np.array([True])
    many = signed_cls(likelihood, toys, moves, 0, 0.90)
    few = signed_cls(likelihood, jax.tree.map(lambda a: a[:5], toys), moves, 0, 0.90)
    for one, other in zip(many.intervals, few.intervals, strict=False):
        assert one[~jnp.isnan(one)] == relative(np.asarray(other[~jnp.isnan(other)]), rel=2e-3)


@pytest.mark.slow
def test_cls_with_a_sign_covers_on_either_side_of_the_mirror() -> None:
    likelihood = likelihood_of(1.0)
    moves = np.array([True])
    for truth in (-2.0, 1.0, 3.0, 5.0):
        toys = likelihood.toys(jnp.array([truth]), jax.random.key(1), 400)
        found = signed_cls(likelihood, toys, moves, 0, 0.90)
        held = np.mean(
            np.any((found.intervals[..., 0] <= truth) & (truth <= found.intervals[..., 1]), axis=1)
        )
        assert held > 0.90 - 3 * np.sqrt(0.09 / 400)


def test_a_coupling_that_nothing_sees_has_no_limit() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.08], DAY, background=1e-4, counts=[9])
    likelihood = renp.Likelihood(runs, NU, {"g": LIGHT})
    assert Signal.of(likelihood, 0).square == relative(np.zeros(1), rel=0)
