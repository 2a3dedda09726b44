"""The living target against what is known of it: conservation, closed forms, other integrators.

The oracles share no code with the package: closed forms, and SciPy's integrators of the equations.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

import renp
from every_command import TARGET
from relative import relative
from renp.cli import main
from renp.results import Counts
from renp.results.light import TargetLight
from renp.results.target import TargetCycle
from renp.target.bloch import Frames, State, System, energy, ground, propagate, propagated
from renp.target.cycle import Light, Plan, Pulses, rings
from renp.target.grid import _length, rings_of
from renp.target.light import light, pairs_per_photon
from renp.target.medium import Medium, mean_power
from renp.target.preparation import cycle_of
from renp.target.requirements import requirements
from renp.target.search import _with, best_preparation, changed_mean

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


@pytest.mark.slow
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


@pytest.mark.slow
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
    usual, of_preparation = renp.Target(), renp.Target.from_preparation(ready, YB)
    for name in ("density", "photon_density", "volume", "width"):
        assert getattr(of_preparation, name) == getattr(usual, name)
    target = renp.Target.from_preparation(ready, YB, volume=50.0)
    given = renp.Target(volume=50.0, dynamical_factor=float(target.dynamical_factor))
    nu = renp.Neutrinos(0.01)
    counts = [
        np.asarray(renp.expected_counts(renp.Experiment(YB, one, [1.068], 86400.0), nu))
        for one in (target, given)
    ]
    assert counts[0] == relative(counts[1], rel=1e-15)


def atoms_alone(time: float, right: complex, left: complex, it: dict[str, float]) -> tuple[complex, float]:
    """Integrate the amplitudes' equations as they stand in the derivation, with relaxation of ρ."""

    def rate(_: float, y: np.ndarray) -> list[float]:
        rho, w = y[0] + 1j * y[1], y[2]
        shift = (it["index_e"] - it["index_g"]) * (abs(right) ** 2 + abs(left) ** 2)
        rabi = 2 * it["g"] * right * left
        d_rho = -0.5j * rabi * w + 1j * (shift - it["detuning"]) * rho - it["dephasing"] * rho
        d_w = -2 * (rabi * rho.conjugate()).imag - it["decay"] * (w + 1)
        return [d_rho.real, d_rho.imag, d_w]

    end = solve_ivp(rate, (0, time), [0.0, 0.0, -1.0], method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    return complex(end[0], end[1]), float(end[2])


def test_relaxation_detuning_and_shifts_are_those_of_the_equations() -> None:
    it = {"g": 1e-7, "index_g": 2e-7, "index_e": 3e-7, "detuning": 0.7, "decay": 0.2, "dephasing": 0.3}
    right, left = 2500.0, 2000.0 * np.exp(0.4j)
    cells = 41
    given = {name: it[name] for name in ("index_g", "index_e", "decay", "dephasing")}
    steps = 100 * cells // 2
    end, _ = run(
        system(it["g"], it["detuning"], **given),
        ground(1, cells),
        np.full(steps, right),
        np.full(steps, left),
    )
    coherence, inversion = atoms_alone(steps / cells - 20 / cells, right, left, it)
    # The middle cell; strong fields are retarded by the atoms, hence not to all digits.
    assert float(end.inversion[0, 20]) == pytest.approx(inversion, abs=3e-6)
    assert joined(end.coherence)[0, 20] == pytest.approx(coherence, abs=3e-6)


@pytest.mark.parametrize(("turns", "pulses"), [(1, 1), (2, 2)])
def test_a_pulse_of_a_whole_turn_passes_and_one_of_two_breaks(turns: int, pulses: int) -> None:
    """A strong steady field makes one-photon equations: 1/v = 1 + (g a_L T)², area and shape stay."""
    cells, long = 200, 0.15
    pump, g = 300.0, 10.0 / 300.0
    steps = 16 * cells
    time = np.arange(steps) / cells
    height = turns / (g * pump * long)
    right = height / np.cosh((time - 2.0) / long)
    # The steady field is there from the beginning.
    start = ground(1, cells)._replace(left=(jnp.full(cells, pump), jnp.zeros(cells)))
    _, frames = run(system(g), start, right, np.full(steps, pump))
    out = np.abs(joined(frames.out_right).ravel())
    tops = np.flatnonzero((out[1:-1] > out[:-2]) & (out[1:-1] > out[2:]) & (out[1:-1] > 0.2 * out.max())) + 1
    assert tops.size == pulses
    if turns == 1:
        assert out.max() == relative(height, rel=2e-3)
        assert time[tops[0]] - 2.0 == relative(1 + (g * pump * long) ** 2, rel=2e-3)
        assert np.sum(out) == relative(np.sum(right), rel=2e-3)


def test_the_gradient_is_that_of_differences() -> None:
    cells = 40
    time = (np.arange(4 * STEPS) / cells).reshape(-1, STEPS)

    def mean(x: Any) -> Any:
        classes, share = jnp.array([1.0, -0.5]), jnp.array([0.6, 0.4])
        it = System(x[0], x[1], x[2], x[3] * classes, share, x[4], x[5])
        pulse = x[6] * jnp.exp(-(((time - 1.5) / x[7]) ** 2))
        end, frames = propagated(it, ground(2, cells), (pulse, 0 * pulse), (pulse, 0.1 * pulse))
        return jnp.mean(end.coherence[0] ** 2 + end.coherence[1] ** 2) + jnp.mean(frames.inversion**2)

    at = np.array([2.0, 0.5, 0.8, 0.3, 0.1, 0.2, 1.1, 0.6])
    both = jax.jit(jax.value_and_grad(mean))
    slope = np.asarray(both(at)[1])
    for k in range(at.size):  # of fourth order
        step = 1e-4 * np.eye(at.size)[k]
        points = [float(both(at + m * step)[0]) for m in (-2, -1, 1, 2)]
        assert slope[k] == relative((points[0] - 8 * points[1] + 8 * points[2] - points[3]) / 12e-4, rel=1e-7)


def test_a_trigger_pulse_has_its_photons() -> None:
    """η of a trigger pulse is its photons over n_γ; a gate that is shut counts nothing."""
    pulse = renp.Pulse(energy=1e-3, duration=1e-7, waist=100.0, delay=1e-5)
    given: dict[str, Any] = {"length": 0.5, "repetition": 100.0, "coherence": 0.5, "dephasing_time": 1e-4}
    target = renp.Target.from_preparation(renp.Preparation(**given, trigger=(pulse,)), YB, density=1e18)
    photons = 1e-3 / (YB.E_eg / 2 * 1.602176634e-19)  # through an area of π 100²/2 cm² on the axis
    exposure = photons / (np.pi * 100.0**2 / 2) / 2.99792458e10 / 1e21
    edge = 2 * (100.0 / 0.5 / np.pi) / 100.0**2  # where the target's cross-section ends
    expected = 100.0 * exposure * np.exp(-2 * 1e-5 / 1e-4) * (1 - np.exp(-edge)) / edge
    assert target.dynamical_factor == relative(expected, rel=1e-5)
    shut = renp.Preparation(**given, trigger=(pulse,), gate=(1e-3, 2e-3))
    assert renp.Target.from_preparation(shut, YB, density=1e18).dynamical_factor < 1e-6 * expected


@pytest.mark.slow
def test_a_gate_cuts_where_it_says() -> None:
    """Also within a propagation and between the nodes of a storage: 4|ρ|² falls with T₂/2."""
    given: dict[str, Any] = {"length": 0.5, "repetition": 10.0, "coherence": 0.5, "dephasing_time": 1e-3}
    cycle = cycle_of(renp.Preparation(**given, gate=(2e-4, 1.3e-3)), YB)
    assert cycle.mean == relative(10 * 5e-4 * (np.exp(-0.4) - np.exp(-2.6)), rel=1e-12)
    long = {**given, "length": 10.0}
    parts = [(0.0, 3e-10), (3e-10, 0.1)]
    whole, *halves = (cycle_of(renp.Preparation(**long, gate=gate), YB).mean for gate in (None, *parts))
    assert sum(halves) == relative(whole, rel=1e-12)


@pytest.mark.slow
def test_a_trigger_shorter_than_a_frame_is_not_missed() -> None:
    """Just behind the pumps, while they are followed, it counts as much as a little later in storage."""
    pump = {"energy": 20.0, "duration": 1e-10, "waist": 0.5}
    both = renp.Pulse(**pump), renp.Pulse(**pump, direction="left")

    def mean(delay: float) -> float:
        trigger = renp.Pulse(energy=1e-3, duration=2e-13, waist=1.0, delay=delay)
        ready = renp.Preparation(length=1.0, repetition=1.0, pulses=both, trigger=(trigger,))
        return cycle_of(ready, YB, density=1e20, volume=2.0).mean

    assert mean(1.95e-10) == relative(mean(9e-10), rel=2e-3)


def test_the_power_of_a_pulse_between_times() -> None:
    for start, end in ((-3.0, -2.9), (-0.2, 0.4), (1.0, 5.0)):
        inside = quad(lambda t: 0.5 ** ((2 * t / 1.7) ** 2), start, end, epsabs=0, epsrel=1e-12)[0]
        assert float(mean_power((1.0, 1.7, 1.0, 0.0), start, end)) == relative(
            inside / (end - start), rel=1e-11
        )


@pytest.mark.slow
def test_a_broad_line_is_averaged_while_pulses_run() -> None:
    """Two weak pulses make ρ ∝ ∫a_R a_L e^{−iδt}; the average over a broad line is a Gaussian's."""
    pump = {"energy": 1e-3, "duration": 1e-10, "waist": 5.0}
    both = renp.Pulse(**pump), renp.Pulse(**pump, direction="left")
    spread = 1e-5 / np.sqrt(8 * np.log(2)) / 6.582119569509e-16

    def coherence(width: float) -> tuple[float, int, float]:
        ready = renp.Preparation(length=0.1, repetition=1.0, pulses=both, inhomogeneous_width=width)
        cycle = cycle_of(ready, YB, density=1e16, volume=0.1)
        frames = cycle.records[0].frames
        assert frames is not None
        return abs(joined(frames.coherence)[0, -1, 50]), cycle.medium.classes, cycle.plan.stretches[0].end

    (found, classes, end), (whole, _, _) = coherence(1e-5), coherence(0.0)
    at = 0.05 / 2.99792458e10  # when both maxima are in the middle
    power = lambda t: 0.5 ** ((2 * (t - at) / 1e-10) ** 2)  # noqa: E731
    wide = quad(lambda t: power(t) * np.exp(-0.5 * (spread * (end - t)) ** 2), -2e-10, end, epsrel=1e-10)[0]
    narrow = quad(power, -2e-10, end, epsrel=1e-10)[0]
    assert classes == 17
    assert found / whole == relative(wide / narrow, rel=1e-3)


def test_a_gate_shuts_out_background() -> None:
    given: dict[str, Any] = {"length": 0.5, "repetition": 100.0, "coherence": 0.5, "dephasing_time": 1e-4}
    gated = renp.Preparation(**given, gate=(0.0, 1e-3))
    counts = [
        renp.Experiment(YB, renp.Target.from_preparation(one, YB), [1.068], 100.0, 5.0).background_counts
        for one in (renp.Preparation(**given), gated)
    ]
    assert np.asarray(counts).ravel() == relative(np.array([500.0, 50.0]), rel=1e-12)


def test_the_average_over_a_broad_line_does_not_come_back() -> None:
    """Without light the average has no revivals, as that over the nodes alone would have."""
    wide = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, inhomogeneous_width=1e-7)
    cycle = cycle_of(wide, YB)
    spread = 1e-7 / np.sqrt(8 * np.log(2)) / 6.582119569509e-16
    expected = np.exp(-((spread * cycle.time) ** 2))
    assert cycle.factor == pytest.approx(expected, abs=1e-12)


def test_a_mismatched_pair_of_modes() -> None:
    """The closed form against the coupled modes' equations, integrated from the trigger's end."""
    kappa, mismatch, length = 1.3, 5.0, 0.9

    def rate(z: float, y: np.ndarray) -> list[complex]:
        a, b = y  # of the trigger, and its partner's conjugate
        return [1j * kappa * b * np.exp(1j * mismatch * z), 1j * kappa * a * np.exp(-1j * mismatch * z)]

    end = [1.0 + 0j, 0j]  # at z = L no partner enters
    found = solve_ivp(rate, (length, 0), end, rtol=1e-12, atol=1e-14).y[:, -1]
    assert pairs_per_photon(kappa, mismatch, length) == relative(abs(found[1] / found[0]) ** 2, rel=1e-9)


@pytest.mark.slow
def test_what_it_takes_is_what_the_propagation_needs() -> None:
    """A fluence of a quarter of a turn on each side leaves |ρ| = 1/2 in a thin target."""
    need = requirements(YB, 1e-6, 1e-6, density=1e16)
    waist = 50.0
    energy = need.fluence * np.pi * waist**2 / 2
    pump = {"energy": energy, "duration": 1e-10, "waist": waist}
    ready = renp.Preparation(
        length=0.5, repetition=1.0, pulses=(renp.Pulse(**pump), renp.Pulse(**pump, direction="left"))
    )
    largest = cycle_of(ready, YB, density=1e16, volume=1e-2).factor.max()
    assert largest == relative(1.0, rel=1e-3)


def test_the_command_follows_a_cycle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.toml"
    file.write_text(TARGET, encoding="utf-8")

    def told(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as status:
            main([arguments[0], str(file), *arguments[1:], "--json"])
        assert status.value.code == 0
        return json.loads(capsys.readouterr().out)

    cycle = told("target")
    assert cycle["mean_dynamical_factor"] == relative(10 * 1e-6 / 2, rel=1e-9)
    expected = told("counts")["expected"]
    assert told("counts")["mean_dynamical_factor"] == cycle["mean_dynamical_factor"]
    told_limits = told("limits", "--couplings", "magnetic-moment 11")
    assert told_limits["mean_dynamical_factor"] == cycle["mean_dynamical_factor"]
    free = tmp_path / "free.toml"
    free.write_text(TARGET.partition("[target.preparation]")[0] + "[[run]]" + TARGET.partition("[[run]]")[2])
    file = free
    assert expected == relative(np.array(told("counts")["expected"]) * 5e-6, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"length": 0.0}, "length = 0.0"),
        ({"coherence": 0.6}, "coherence = 0.6"),
        ({"gate": (0.0, 1.0)}, "gate = "),
        ({"dephasing_time": -1.0}, "dephasing_time = -1.0"),
        ({"inhomogeneous_width": 1240.0}, "inhomogeneous_width = 1240.0"),
        ({"pulses": (3,)}, "pulses"),
    ],
)
def test_wrong_preparations_are_answered(given: dict[str, Any], said: str) -> None:
    with pytest.raises(renp.InputError, match=re.escape(said)):
        renp.Preparation(**{"length": 1.0, "repetition": 10.0, **given})


def shots(**given: float) -> dict[str, Any]:
    one = {"energy": 1.0, "duration": 1e-10, "waist": 0.5} | given
    return {"pulses": tuple(renp.Pulse(**one, direction=side) for side in ("right", "left"))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (shots(duration=1e-16), "duration = 1e-16: must be such that 10000 cells"),
        (shots(duration=1e-3), "duration = 0.001: must be in s, so that pulses take at most"),
        (shots(energy=1e9), "energy = 1000000000.0: must be such that"),
        (shots() | {"repetition": 1e10}, "repetition = "),
        (shots() | {"dephasing_time": 1e-15}, "dephasing_time = 1e-15"),
        (shots() | {"decay_time": 1e-15}, "decay_time = 1e-15"),
        (shots() | {"polarisability_e": 1e12}, "polarisability_e = 1000000000000.0"),
        (shots() | {"inhomogeneous_width": 1e-4}, "inhomogeneous_width = 0.0001"),
        (shots() | {"trigger": shots(delay=-1.0)["pulses"][:1]}, "trigger = -1.0: must be a delay within"),
        ({"coherence": 0.5, "polarisability": 100.0}, "length = 1.0: must be in cm, and such that light"),
        ({"coherence": 0.5, "polarisability": 500.0}, "length = 1.0: must be in cm, and such that light"),
        ({"coherence": 0.5, "length": 1e6}, "length = 1000000.0: must be such that"),
        (
            {"coherence": 0.5, "trigger": shots(duration=3.0)["pulses"][:1]},
            "trigger = 3.0: must be a duration",
        ),
    ],
)
def test_what_cannot_be_followed_is_named(given: dict[str, Any], said: str) -> None:
    ready = renp.Preparation(**{"length": 1.0, "repetition": 10.0, **given})
    with pytest.raises(renp.InputError, match=re.escape(said)):
        cycle_of(ready, YB, density=1e20, volume=2.0)


@pytest.mark.slow
def test_pulses_that_are_together_or_later_are_what_they_add_up_to() -> None:
    """A delay of all pulses changes nothing; two at once have the field of one with four times the energy."""
    means = [
        cycle_of(
            renp.Preparation(length=1.0, repetition=10.0, **one), YB, density=1e20, volume=2.0
        ).factor.max()
        for one in (
            shots(energy=4.0),
            shots(energy=4.0, delay=-3e-9),
            {"pulses": shots(energy=1.0)["pulses"] * 2},
        )
    ]
    assert np.array(means[1:]) == relative(np.full(2, means[0]), rel=1e-9)


def test_what_a_cycle_leaves_is_said() -> None:
    given: dict[str, Any] = {"length": 0.5, "repetition": 100.0, "dephasing_time": 1e-4}
    told = [
        str(TargetCycle.compute(YB, renp.Target.from_preparation(renp.Preparation(**given, **one), YB)))
        for one in ({"coherence": 0.5}, {"coherence": 0.5, "decay_time": 1e-3}, {})
    ]
    assert ["still excited" in one for one in told] == [True, False, False]
    assert ["No coherence is made" in one for one in told] == [False, False, True]


@pytest.mark.slow
def test_the_search_sees_what_a_cycle_has() -> None:
    """Its function, whose gradient it follows, is the mean of the cycle, whatever the pulses and the gate."""
    given: dict[str, Any] = {"repetition": 10.0, "dephasing_time": 1e-6, "gate": (1e-8, 2e-6)}
    trigger = renp.Pulse(energy=1e-3, duration=1e-7, waist=1.0, delay=1e-6)
    where: dict[str, Any] = {"density": 1e20, "volume": 2.0}
    start = renp.Preparation(length=1.0, trigger=(trigger,), **given, **shots(energy=5.0, waist=0.3))
    cycle = cycle_of(start, YB, **where, cells=50)
    x = np.array([0.1, -0.1, 0.2, 0.0, 0.15, 0.15, 0.1])
    for change in (0 * x, x):
        changed = cycle_of(_with(start, change, 1.0), YB, **where, cells=50).mean
        assert float(changed_mean(cycle, change, 2.0)) * 10.0 == relative(
            changed, rel=3e-3 if change.any() else 1e-9
        )


@pytest.mark.slow
def test_a_long_target_empties_itself_down_to_the_threshold() -> None:
    given: dict[str, Any] = {"repetition": 10.0, "coherence": 0.5, "dephasing_time": 1e-3}
    short, long = (cycle_of(renp.Preparation(length=length, **given), YB) for length in (1.0, 10.0))
    assert short.gain_length.max() < np.pi / 2 < long.gain_length.max()
    left = (np.pi / 2 / long.gain_length.max()) ** 2  # of η, were the coherence still uniform
    assert long.mean / short.mean == relative(left, rel=0.5)
    told = str(TargetCycle.compute(YB, renp.Target.from_preparation(long.preparation, YB)))
    assert "The target empties itself" in told


@pytest.mark.slow
def test_a_target_that_has_emptied_itself_is_not_followed_further() -> None:
    """Bursts leave ρ_eg with changing signs, whose ∫κ dz may be above π/2 for ever, though no light grows."""
    given: dict[str, Any] = {"repetition": 10.0, "coherence": 0.5, "dephasing_time": 1e-3}
    cycle = cycle_of(renp.Preparation(length=10.7, **given), YB)
    assert cycle.gain_length[-200] > np.pi / 2 > cycle.gain_length[-1]
    assert len(cycle.records) == 3


@pytest.mark.slow
def test_rings_follow_how_pumps_turn_the_atoms() -> None:
    """η of a thin target, an average of sin² of the turns over the cross-section, to a per cent."""
    none = Pulses(*(np.zeros(0),) * 4)
    medium = Medium(E_eg=2.0, density=1e16, length=1.0, polarisability=0.02)
    for quarters, wide in ((0.5, 1.0), (2.0, 1.5), (4.0, 1.5), (8.0, 1.5), (30.0, 1.5), (30.0, 0.3)):
        pulse = Pulses(*(np.array([x]) for x in (1.0, 1e-10, 1.0, 0.0)))
        light = Light(pulse, pulse, none, 1e21, wide, 1.0, 0.25)
        one = float(medium.gain * _length(medium, pulse) ** 2) * 4 / np.pi
        stronger = pulse._replace(energy=pulse.energy * quarters / one)
        plan = Plan((), 100, rings_of(medium, replace(light, right=stronger, left=stronger), 4))
        radius, share = rings(plan, light)

        def turned(u: Any, quarters: float = quarters, wide: float = wide) -> Any:
            return np.sin(np.pi / 2 * quarters * np.exp(-2 * wide**2 * u)) ** 2

        exact = quad(turned, 0, 1, limit=200)[0]
        assert float(np.sum(share * turned((radius / wide) ** 2))) == relative(exact, rel=0.012)
    with pytest.raises(renp.InputError, match=re.escape("waist = 1.0: must be in cm, such that 64 rings")):
        rings_of(medium, replace(light, right=stronger, left=stronger, radius=5.0), 4)


def test_a_narrow_trigger_has_all_its_photons() -> None:
    """Narrower than the target, through one half of it that has coherence."""
    pulse = renp.Pulse(energy=1e-3, duration=1e-12, waist=0.1, delay=3e-12)
    given: dict[str, Any] = {"length": 0.5, "repetition": 100.0, "dephasing_time": 1e-11, "trigger": (pulse,)}
    first, second = (
        cycle_of(renp.Preparation(**given, coherence=coherence), YB, density=1e18).mean
        for coherence in ((0.5, 0.0), (0.0, 0.5))
    )
    photons = 1e-3 / (YB.E_eg / 2 * 1.602176634e-19)
    slope = 2 / 2.99792458e10 / 1e-11
    half = (1 - np.exp(-slope * 0.25)) / slope * np.exp(-2 * 0.3 + 2 * (0.1 / np.sqrt(8 * np.log(2))) ** 2)
    expected = 100.0 * photons / 2.99792458e10 / 1e21 / 100.0 * half
    assert first == relative(expected, rel=3e-3)
    assert second == relative(expected * np.exp(-slope * 0.25), rel=3e-3)


def test_the_wing_is_the_mean_over_the_lengths_phase() -> None:
    """Also of a target so long that it empties itself; a gate leaves the rate while it is open."""
    kappa, mismatch = 2.0, 3.0
    q = np.hypot(kappa, mismatch / 2)
    lengths = 5.0 + np.pi / q * np.arange(1000) / 1000
    atom = renp.Atom("any", 2.0, 2.1)
    omega = 1.0 - mismatch * renp.constants.HBAR_C / 2
    found = light(atom, omega, kappa=kappa, length=5.0, dephasing_time=1.0, photon_rate=1.0)
    assert found.wing == relative(np.mean(pairs_per_photon(kappa, mismatch, lengths)), rel=1e-9)
    given: dict[str, Any] = {"length": 0.5, "repetition": 100.0, "coherence": 0.5, "dephasing_time": 1e-4}
    rates = [
        TargetLight.compute(
            renp.Experiment(YB, renp.Target.from_preparation(one, YB), [1.068], 1.0)
        ).two_photon_rate[0]
        for one in (renp.Preparation(**given), renp.Preparation(**given, gate=(0.0, 5e-3)))
    ]
    assert rates[1] == relative(2 * rates[0], rel=1e-9)


def test_counts_come_while_the_coherence_is_there() -> None:
    """1 − e^{−2t/T₂} of them by t; signal over √background is best where 1 − e^{−x} = 2x e^{−x}."""
    ready = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, dephasing_time=1e-4)
    cycle = TargetCycle.compute(YB, renp.Target.from_preparation(ready, YB))
    assert cycle.signal_share == pytest.approx(-np.expm1(-2 * cycle.time / 1e-4), abs=0.03)
    best = brentq(lambda x: -np.expm1(-x) - 2 * x * np.exp(-x), 0.5, 3.0) * 1e-4 / 2
    until, signal, background = cycle.best_gate
    assert until == relative(best, rel=0.2)
    assert signal / np.sqrt(background) == relative(
        -np.expm1(-2 * best / 1e-4) / np.sqrt(best * 100), rel=0.03
    )


@pytest.mark.slow
def test_results_say_whose_mean_they_used() -> None:
    ready = renp.Preparation(length=0.5, repetition=100.0, coherence=0.5, dephasing_time=1e-4)
    runs = renp.Experiment(YB, renp.Target.from_preparation(ready, YB), [1.068, 1.07], 1e9)
    nu, said = renp.Neutrinos(0.01), "η = 0.005 is the mean of the target's preparation over all time."
    limited = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1e-11})}}
    settings = renp.Constraints(candidates=100)
    assert said in str(Counts.compute(runs, nu))
    assert said in str(renp.upper_limits(runs, nu, couplings=limited))
    assert said in str(renp.plan("limits", runs, nu, couplings=limited, constraints=settings))


@pytest.mark.slow
def test_a_search_finds_better_pulses_for_the_same_energy() -> None:
    pump = {"energy": 5.0, "duration": 1e-10, "waist": 0.3}
    start = renp.Preparation(
        length=1.0,
        repetition=10.0,
        dephasing_time=1e-6,
        pulses=(renp.Pulse(**pump), renp.Pulse(**pump, direction="left")),
    )
    where: dict[str, Any] = {"density": 1e20, "volume": 2.0}
    best = best_preparation(start, YB, budget=10.0, **where)
    assert sum(one.energy for one in best.pulses) == relative(10.0, rel=1e-12)
    assert cycle_of(best, YB, **where).mean > 3 * cycle_of(start, YB, **where).mean


@pytest.mark.slow
def test_a_search_from_any_start_is_as_good_as_a_grid() -> None:
    """Waist, delay of the left pump and length, tried one by one at the same energy of 10 J."""
    where: dict[str, Any] = {"density": 1e20, "volume": 2.0}
    given: dict[str, Any] = {"repetition": 10.0, "dephasing_time": 1e-6}

    def made(waist: float, late: float, length: float) -> renp.Preparation:
        pump = {"energy": 5.0, "duration": 1e-10, "waist": waist}
        both = renp.Pulse(**pump), renp.Pulse(**pump, direction="left", delay=late)
        return renp.Preparation(length=length, pulses=both, **given)

    def mean(one: renp.Preparation) -> float:
        return cycle_of(one, YB, **where, cells=50).mean

    grid = [(w, d, z) for w in (0.03, 0.1, 0.3) for d in (0.0, 1e-10) for z in (0.3, 1.0, 3.0)]
    best = max(mean(made(*one)) for one in grid)
    for start in ((0.3, 0.0, 1.0), (0.05, 5e-11, 2.0)):
        found = best_preparation(made(*start), YB, budget=10.0, rounds=4, **where)
        assert mean(found) > 0.99 * best


@pytest.mark.slow
def test_delay_and_height_of_the_pulse_do_not_depend_on_the_grid() -> None:
    """Of second order, with light that begins smoothly: four times nearer with twice the cells."""

    def pulse(cells: int) -> np.ndarray:
        time = np.arange(20 * cells) / cells
        seed = 1e-3 * np.exp(-(((time - 1.5) / 0.4) ** 2))
        _, frames = run(system(4.0), prepared(cells, 0.5), seed, 0 * seed)
        out = np.abs(joined(frames.out_right).ravel()) ** 2
        top = int(np.argmax(out))
        shape = np.polyfit(np.arange(-3, 4), out[top - 3 : top + 4], 4)
        summits = np.roots(np.polyder(shape))
        summit = float(summits[np.argmin(np.abs(summits))].real)
        return np.array([(top + summit) / cells, np.polyval(shape, summit)])

    coarse, middle, fine = (pulse(cells) for cells in (50, 100, 200))
    assert (coarse - middle) / (middle - fine) == relative(np.array([4.0, 4.0]), rel=0.005)
    assert fine == relative(middle, rel=1e-3)


@pytest.mark.slow
def test_a_batch_of_parameters_is_what_each_of_them_gives() -> None:
    cells, one = 40, jnp.ones(1)
    enter = pair(np.ones(2 * STEPS))

    def left(coupling: Any) -> Any:
        it = System(coupling, 0.0, 0.0, 0 * one, one, 0.0, 0.0)
        return jnp.mean(propagated(it, ground(1, cells), enter, enter)[0].inversion)

    couplings = jnp.array([0.5, 1.0, 2.0])
    together = jax.jit(jax.vmap(jax.value_and_grad(left)))(couplings)
    for k, each in enumerate(couplings):
        for batched, alone in zip(together, jax.value_and_grad(left)(each), strict=True):
            assert float(batched[k]) == relative(float(alone), rel=1e-12)
