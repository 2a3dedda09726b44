"""The living target against what is known of it: conservation, closed forms, other integrators.

The oracles share no code with the package: they are closed forms.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import renp
from relative import relative
from renp.target.bloch import Frames, State, System, energy, ground, propagate

STEPS = 50


def system(coupling: float, detuning: float = 0.0, **given: float) -> System:
    one = jnp.ones(1)
    known = {"index_g": 0.0, "index_e": 0.0, "decay": 0.0, "dephasing": 0.0} | given
    return System(coupling, detuning=detuning * one, share=one, **known)  # type: ignore[arg-type]


def pair(values: Any) -> tuple[Any, Any]:
    values = np.asarray(values, dtype=complex).reshape(-1, STEPS)
    return jnp.asarray(values.real), jnp.asarray(values.imag)


def joined(parts: tuple[Any, Any]) -> np.ndarray:
    return np.asarray(parts[0]) + 1j * np.asarray(parts[1])


def run(it: System, state: State, right: Any, left: Any) -> tuple[State, Frames]:
    end, frames = propagate(it, state, pair(right), pair(left))
    return end, frames


def prepared(cells: int, coherence: complex, inversion: float = 0.0) -> State:
    atoms = jnp.ones((1, cells))
    return ground(1, cells)._replace(
        coherence=(coherence.real * atoms, coherence.imag * atoms), inversion=inversion * atoms
    )


def pumped(cells: int = 200, **given: float) -> tuple[State, Frames, float, System]:
    """Two strong pulses that meet in the medium; what flowed in, in photons for each atom of the medium."""
    time = np.arange(4 * cells) / cells
    pulse = 1.5 * np.exp(-(((time - 1) / 0.4) ** 2))
    right, left = pulse, (0.8 + 0.3j) * pulse
    it = system(3.0, index_g=1.5, index_e=2.5, **given)
    end, frames = run(it, ground(1, cells), right, left)
    return end, frames, float(np.sum(np.abs(right) ** 2 + np.abs(left) ** 2)) / cells, it


def test_energy_flows_and_does_not_vanish() -> None:
    end, frames, entered, it = pumped()
    left = sum(np.sum(np.abs(joined(out)) ** 2) for out in (frames.out_right, frames.out_left)) / 200
    assert np.ptp(np.asarray(end.inversion)) > 0.5  # something happened
    assert left + float(np.mean(np.asarray(energy(it, end)))) == relative(entered, rel=1e-8)


def test_the_bloch_vector_keeps_its_length() -> None:
    end = pumped()[0]
    length = np.asarray(end.inversion) ** 2 + 4 * np.abs(joined(end.coherence)) ** 2
    assert length == relative(np.ones_like(length), rel=1e-8)


def test_uniform_fields_make_the_atoms_oscillate() -> None:
    """ρ_ee = sin²(α ε_R ε_L t/4): in the units of the equations sin²(g a_R a_L t)."""
    g, right, left = 1e-6, 900.0, 1100.0  # fields so strong that the atoms do not change them
    cells = 50
    end, _frames = run(system(g), ground(1, cells), np.full(3 * cells, right), np.full(3 * cells, left))
    # A cell has both fields once each of them has crossed the cells before it.
    before = np.arange(cells)
    time = 3 - np.maximum(before, cells - 1 - before) / cells
    expected = np.sin(g * right * left * time) ** 2
    assert (np.asarray(end.inversion)[0] + 1) / 2 == pytest.approx(expected, abs=1e-6)


def passed(kappa: float, cells: int) -> tuple[float, float]:
    """Return the gain of a weak field through a frozen medium, and what it makes on the other side."""
    weak = 1e-7
    steps = 40 * cells
    _, frames = run(system(2 * kappa), prepared(cells, 0.5), np.full(steps, weak), np.zeros(steps))
    outs = [np.abs(joined(out)[-1, -1]) ** 2 / weak**2 for out in (frames.out_right, frames.out_left)]
    return outs[0], outs[1]


def test_a_frozen_medium_is_an_oscillator_without_mirrors() -> None:
    """Gain sec²(κL) forwards and tan²(κL) backwards; of second order in the cells' size."""
    kappa = 1.0
    exact = np.array([1 / np.cos(kappa) ** 2, np.tan(kappa) ** 2])
    wrong = {cells: np.array(passed(kappa, cells)) / exact - 1 for cells in (50, 100, 200)}
    for coarse, fine in ((50, 100), (100, 200)):
        assert wrong[coarse] / wrong[fine] == relative(np.array([4.0, 4.0]), rel=0.01)
    limit = (4 * wrong[200] - wrong[100]) / 3
    assert np.abs(wrong[200]).max() < 2e-5
    assert np.abs(limit).max() < 1e-8


@pytest.mark.parametrize("kappa", [2.0, 3.0])
def test_above_threshold_the_target_empties_itself(kappa: float) -> None:
    """Growth with s = −q cot q, κ² = q² + s²; then a pulse that takes the atoms' energy with it."""
    cells, seed = 100, 1e-8
    exact = brentq(lambda q: kappa * np.cos(q) + np.sqrt(kappa**2 - q**2), np.pi / 2, min(np.pi, kappa))
    rate = np.sqrt(kappa**2 - exact**2)
    steps = 40 * cells
    it = system(2 * kappa)
    end, frames = run(it, prepared(cells, 0.5), np.full(steps, seed), np.zeros(steps))
    out = np.abs(joined(frames.out_right).ravel())
    rising = out[: np.argmax(out)]
    small = np.flatnonzero((rising > 1000 * seed) & (rising < 1e-3))
    grown = np.polyfit(small / cells, np.log(out[small]), 1)[0]
    assert grown == relative(rate, rel=5e-3)
    delay = np.argmax(out) / cells
    assert delay == relative(np.log(1 / seed) / rate, rel=0.15)
    assert float(np.mean(np.asarray(end.inversion))) < -0.3  # half of the atoms were excited


YB = renp.Atom.named("Yb")


def test_storage_decays_as_it_should() -> None:
    """4|ρ|² falls with T₂/2, and as a Gaussian with an inhomogeneous width; the mean has the duty cycle."""
    ready = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, dephasing_time=1e-4)
    target = renp.Target.from_preparation(ready, YB)
    assert target.dynamical_factor == relative(100.0 * 1e-4 / 2, rel=1e-9)
    width = 1e-9  # eV
    spread = width / np.sqrt(8 * np.log(2)) / 6.582119569509e-16
    wide = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, inhomogeneous_width=width)
    expected = 100.0 * np.sqrt(np.pi) / (2 * spread)
    assert renp.Target.from_preparation(wide, YB).dynamical_factor == relative(expected, rel=1e-9)


def test_counts_take_the_mean_of_the_preparation() -> None:
    ready = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, dephasing_time=1e-4)
    target = renp.Target.from_preparation(ready, YB, volume=50.0)
    given = renp.Target(volume=50.0, dynamical_factor=float(target.dynamical_factor))
    nu = renp.Neutrinos(0.01)
    counts = [
        np.asarray(renp.expected_counts(renp.Experiment(YB, one, [1.068], 86400.0), nu))
        for one in (target, given)
    ]
    assert counts[0] == relative(counts[1], rel=1e-15)
