"""Gradients are finite everywhere but on a threshold itself, and equal to finite differences."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import random_couplings
from oracles import multiprecision as exact
from relative import relative
from renp.atoms.lights import Lights, mixed

YB = renp.Atom.named("Yb")


def total(x: dict[str, Any]) -> Any:
    """I(ω) as a function of every parameter at once."""
    nu = renp.Neutrinos(
        x["lightest_mass"],
        nature="dirac",
        sin2_theta12=x["sin2_theta12"],
        sin2_theta13=x["sin2_theta13"],
        delta_cp=x["delta_cp"],
        dm2_21=x["dm2_21"],
        dm2_31=x["dm2_31"],
    )
    atom = renp.Atom("Yb", x["E_eg"], x["E_vg"])
    model = (
        renp.Weak()
        + renp.MagneticMoment({(1, 2): x["mu"] * 1e-11, (3, 3): 2e-11})
        + renp.ElectricMoment({(1, 1): x["mu"] * 1e-11})
        + renp.VectorMediator(x["mass"], 1e-13, left={(1, 1): x["g"] * 1e-13, (1, 3): 1e-13})
        + renp.ScalarMediator(x["mass"], 1e-10, pseudoscalar={(1, 1): x["g"] * 1e-10})
        + renp.Charge({(1, 2): x["g"] * 1e-17})
    )
    return renp.spectral_function(x["omega"], atom, nu, model)


POINT = {
    "omega": 1.0,
    "lightest_mass": 0.03,
    "sin2_theta12": 0.31,
    "sin2_theta13": 0.022,
    "delta_cp": 3.7,
    "dm2_21": 7.5e-5,
    "dm2_31": 2.5e-3,
    "E_eg": YB.E_eg,
    "E_vg": YB.E_vg,
    "mu": 1.5,
    "mass": 1.3,
    "g": 2.0,
}


def central_difference(f: Callable[[float], float], x: float, step: float) -> float:
    """Fourth-order central difference."""
    return (8 * (f(x + step) - f(x - step)) - (f(x + 2 * step) - f(x - 2 * step))) / (12 * step)


@pytest.fixture(scope="module")
def compiled() -> tuple[Callable, dict[str, float]]:
    value = jax.jit(total)
    return value, {k: float(v) for k, v in jax.jit(jax.grad(total))(POINT).items()}


@pytest.mark.parametrize("name", POINT)
def test_gradient_equals_finite_difference(name: str, compiled: tuple) -> None:
    value, gradient = compiled
    step = 1e-4 * abs(POINT[name])
    found = central_difference(lambda x: float(value(POINT | {name: x})), POINT[name], step)
    assert gradient[name] == relative(found, rel=2e-7)


def near_thresholds(nu: renp.Neutrinos) -> np.ndarray:
    edges = np.unique(np.asarray(renp.thresholds(YB, nu)))
    detunings = np.concatenate([-np.logspace(-15, -3, 25), np.logspace(-15, -3, 25)])
    omega = np.outer(edges, 1 + detunings).ravel()
    return np.setdiff1d(omega, edges)


@pytest.mark.sampled
@pytest.mark.parametrize("mass", [0.0, 1e-9, 0.01, 0.2])
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_gradients_are_finite_at_and_beyond_thresholds(nature: str, mass: float) -> None:
    rng = np.random.default_rng(1)
    couplings = renp.Couplings(**random_couplings(rng))

    def spectrum(omega: Any, lightest_mass: Any, couplings: renp.Couplings, E_eg: Any) -> Any:
        nu = renp.Neutrinos(lightest_mass, nature=nature)
        model = renp.Weak() + couplings
        return renp.spectral_function(omega, renp.Atom("Yb", E_eg, YB.E_vg), nu, model)

    every = jax.jit(jax.vmap(jax.grad(spectrum, argnums=(0, 1, 2, 3)), in_axes=(0, None, None, None)))
    omega = np.concatenate([near_thresholds(renp.Neutrinos(mass)), [1e-3, 0.5, YB.E_eg / 2, 1.2, 2.2]])
    for leaf in jax.tree.leaves(every(jnp.asarray(omega), mass, couplings, YB.E_eg)):
        assert np.all(np.isfinite(leaf))


def whole_atom(x: dict[str, Any]) -> Any:
    """I(ω) in right light, both orders, a medium and a boost, mixed with left light."""
    yb = renp.Atom.named("Yb", "full").boosted(x["boost"]).in_medium(x["index"])
    yb = eqx.tree_at(lambda one: (one.states[0][1], one.orbit), yb, (x["amplitude"], x["orbit"]))
    model = renp.Weak() + renp.MagneticMoment({(1, 2): x["mu"] * 1e-11, (3, 3): 2e-11})
    model += renp.Anapole({(1, 1): 1e-30}) + renp.ElectricMoment({(1, 3): x["mu"] * 1e-11})
    both = Lights(yb.in_light("left"), yb.in_light("right"), x["share"])
    nu = renp.Neutrinos(x["lightest_mass"])
    return mixed(lambda atom: renp.spectral_function(x["omega"], atom, nu, model), both)


WHOLE = {
    "omega": 1.05,
    "lightest_mass": 0.01,
    "boost": 0.02,
    "index": 1.001,
    "amplitude": -0.9,
    "orbit": 0.5,
    "share": 0.4,
    "mu": 1.5,
}


@pytest.mark.slow
def test_gradients_of_the_whole_atom_are_finite_differences_and_finite_at_thresholds() -> None:
    value, gradient = jax.jit(whole_atom), jax.jit(jax.grad(whole_atom))
    found = gradient(WHOLE)
    for name, x in WHOLE.items():
        exact = central_difference(lambda y, name=name: float(value(WHOLE | {name: y})), x, 1e-4 * abs(x))
        assert float(found[name]) == relative(exact, rel=2e-7)
    atom = renp.Atom.named("Yb").boosted(WHOLE["boost"]).in_medium(WHOLE["index"])
    edges = np.unique(np.asarray(renp.thresholds(atom, renp.Neutrinos(0.01))))
    detunings = np.concatenate([-np.logspace(-15, -3, 13), np.logspace(-15, -3, 13)])
    omega = np.setdiff1d(np.outer(edges, 1 + detunings).ravel(), edges)
    every = jax.jit(jax.vmap(lambda w: jax.grad(whole_atom)(WHOLE | {"omega": w})))(omega)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(every))


@pytest.mark.slow
def test_gradient_of_a_closed_pair_is_zero() -> None:
    nu = renp.Neutrinos(0.01)
    beyond = float(renp.thresholds(YB, nu).max()) * (1 + 1e-12)
    assert jax.grad(lambda w: renp.spectral_function(w, YB, nu))(beyond) == 0


@pytest.mark.sampled(2)
@pytest.mark.parametrize("detuning", [1e-3, 1e-6, 1e-9, 1e-12, 1e-14])
def test_gradient_close_to_a_threshold_has_all_digits(detuning: float) -> None:
    """Against the derivative in 50 digits; I goes as the root of the detuning there."""
    nu = renp.Neutrinos(0.01)
    model = renp.Couplings(V=np.diag([0, 0.3, 0]), mu=np.diag([0, 1e-17, 0]))
    omega = float(renp.thresholds(YB, nu)[1, 1]) * (1 - detuning)
    mass = float(nu.masses[1])

    def true(w: Any) -> Any:
        parts = exact.components(YB.E_eg, YB.E_vg, w, mass, mass, {"V": 0.3, "mu": 1e-17})
        return parts[0] + parts[1]

    step = omega * detuning * exact.MP.mpf(10) ** -15
    expected = (true(omega + step) - true(omega - step)) / (2 * step)
    found = jax.grad(lambda w: renp.spectral_function(w, YB, nu, model))(omega)
    assert float(found) == relative(float(expected), rel=1e-13)


def test_transformations_compose() -> None:
    """Jit of vmap of grad over a batch of models, and over lightest masses."""

    def slope(matrix: Any, mass: Any) -> Any:
        def strength(size: Any) -> Any:
            model = renp.Weak() + renp.MagneticMoment(size * matrix)
            return renp.spectral_function(1.05, YB, renp.Neutrinos(mass), model)

        return jax.grad(strength)(1.0)

    rng = np.random.default_rng(2)
    matrices = 1e-11 * rng.normal(size=(4, 3, 3))
    matrices = matrices + np.swapaxes(matrices, 1, 2)
    masses = np.array([0.0, 0.01, 0.05, 0.2])
    found = jax.jit(jax.vmap(slope))(matrices, masses)
    for matrix, mass, value in zip(matrices, masses, found, strict=True):
        nu = renp.Neutrinos(mass)
        alone = renp.spectral_function(1.05, YB, nu, renp.MagneticMoment(matrix))
        assert value == relative(2 * float(alone), rel=1e-12)
