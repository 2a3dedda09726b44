"""Counts of a wide line whose place and width are uncertain: those of a line that is there and as wide."""

from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import renp
from cases import DAY, NU, YB
from relative import relative
from renp.inference import wide_response
from renp.inference.wide_response import WideResponse

WIDTH = 1e-5
TOP = float(np.max(renp.thresholds(YB, NU)))
ENERGIES = [1.06, TOP - 2 * WIDTH, TOP - 1e-9, TOP + WIDTH]
MOMENT = renp.MagneticMoment({(1, 1): 1.0})
LIGHT = renp.VectorMediator(1e3, 1e-18, left={(1, 1): 1.0, (1, 2): 0.5})

CLOSE = 1e-8
"""Photon energies of 1 eV are rounded to 10⁻¹⁶, so that places in a line are known to 10⁻¹¹ of its width; its
tails beside two thresholds that are close together are less so."""


def runs(
    laser: renp.Laser, energies: Any = ENERGIES, atom: renp.Atom = YB, **options: Any
) -> renp.Experiment:
    return renp.Experiment(atom, renp.Target(), energies, 10 * DAY, 1e-6, laser=laser, **options)


def counts(experiment: renp.Experiment, pulls: Any, errors: Any, model: Any) -> np.ndarray:
    """Return the expected counts where the line itself is moved and widened."""
    shift, factor = errors[0] * pulls[0], (1 + errors[1]) ** pulls[1]
    line, own = experiment.laser, experiment.runs
    moved = renp.Laser(factor * line.gaussian, factor * line.lorentzian, line.offset + shift)
    there = runs(moved, own.photon_energy, experiment.atom, polarisation=own.polarisation)
    return np.asarray(renp.expected_counts(there, NU, model))


LASERS = {
    laser.shape: laser
    for laser in (renp.Laser(WIDTH), renp.Laser(0.0, WIDTH), renp.Laser(WIDTH, WIDTH / 3, 2e-6))
}
ERRORS = (0.5 * WIDTH, 0.1)
"""Of calibration, eV, and linewidth."""


@cache
def known(shape: str) -> renp.Likelihood:
    nuisances = renp.Nuisances(calibration_error=ERRORS[0], linewidth_error=ERRORS[1])
    return renp.Likelihood(runs(LASERS[shape]), NU, {"mu": MOMENT, "g": LIGHT}, nuisances=nuisances)


@pytest.mark.slow
@pytest.mark.parametrize("shape", LASERS)
@settings(max_examples=10)
@given(pulls=st.tuples(st.floats(-6, 6), st.floats(-6, 6)), size=st.floats(0, 3), light=st.floats(-3, 3))
def test_counts_are_those_of_the_line_there(shape: str, pulls: Any, size: float, light: float) -> None:
    likelihood = known(shape)
    assert isinstance(likelihood.response, WideResponse)
    assert [p.kind for p in likelihood.parameters[:2]] == ["magnitude", "coupling"]
    mu, g = (float(p.plus) for p in likelihood.parameters[:2])
    model = renp.Weak() + size * mu * MOMENT + light * g * LIGHT
    found = np.asarray(likelihood.expected(np.array([size**2, light, *pulls])))
    assert found == relative(counts(runs(LASERS[shape]), pulls, ERRORS, model), rel=CLOSE)


@pytest.mark.slow
def test_each_run_has_its_own_light() -> None:
    laser, atom = LASERS["gaussian"], renp.Atom.named("Yb", "full")
    polarised = runs(laser, atom=atom, polarisation=[1.0, -1.0, 0.3, 0.0])
    nuisances = renp.Nuisances(calibration_error=ERRORS[0], linewidth_error=ERRORS[1])
    likelihood = renp.Likelihood(polarised, NU, {"mu": MOMENT}, nuisances=nuisances)
    assert isinstance(likelihood.response, WideResponse)
    for pulls in ((0.0, 0.0), (1.5, -1.0)):
        model = renp.Weak() + float(likelihood.parameters[0].plus) * MOMENT
        found = np.asarray(likelihood.expected(np.array([1.0, *pulls])))
        assert found == relative(counts(polarised, pulls, ERRORS, model), rel=CLOSE)


@pytest.mark.slow
def test_experiments_have_their_own_lines() -> None:
    """One with a wide line that moves, one whose line is sharp, and one in which nothing is uncertain."""
    xe = renp.Atom.named("Xe")
    there = [float(np.max(renp.thresholds(xe, NU))) - 1e-5]
    both = {
        "Yb": runs(LASERS["voigt"]),
        "sharp": runs(renp.Laser(), [1.06]),
        "Xe": runs(LASERS["gaussian"], there, xe),
    }
    moving = renp.Nuisances(calibration_error=ERRORS[0], linewidth_error=ERRORS[1])
    nuisances = {"Yb": moving, "sharp": renp.Nuisances(calibration_error=1e-6)}
    likelihood = renp.Likelihood(both, NU, {"mu": MOMENT}, nuisances=nuisances)
    kinds = [type(part.response) for part in likelihood.parts]
    assert kinds[:2] == [WideResponse, type(None)]
    assert kinds[2] not in kinds[:2]
    model = renp.Weak() + float(likelihood.parameters[0].plus) * MOMENT
    wanted = [
        counts(both["Yb"], (2.0, -1.0), ERRORS, model),
        counts(both["sharp"], (0.5, 0.0), (1e-6, 0.0), model),
        np.asarray(renp.expected_counts(both["Xe"], NU, model)),
    ]
    pulls = {"calibration Yb": 2.0, "linewidth Yb": -1.0, "calibration sharp": 0.5, "mu": 1.0}
    x = np.array([pulls[name] for name in likelihood.names])
    assert np.asarray(likelihood.expected(x)) == relative(np.concatenate(wanted), rel=CLOSE)


def test_other_runs_have_the_response_of_theirs() -> None:
    likelihood = known("gaussian")
    other = runs(LASERS["gaussian"], [1.05, TOP - WIDTH])
    there = likelihood.with_runs(other)
    assert isinstance(there.response, WideResponse)
    found = np.asarray(there.expected(np.array([0.0, 0.0, 1.0, 1.0])))
    assert found == relative(counts(other, (1.0, 1.0), ERRORS, renp.Weak()), rel=CLOSE)


@pytest.mark.slow
def test_a_calibration_may_be_off_by_many_widths() -> None:
    narrow, errors = renp.Laser(WIDTH / 10), (3 * WIDTH, 0.1)
    nuisances = renp.Nuisances(calibration_error=errors[0], linewidth_error=errors[1])
    likelihood = renp.Likelihood(runs(narrow), NU, nuisances=nuisances)
    assert isinstance(likelihood.response, WideResponse)
    for pulls in ((-2.0, 1.0), (0.3, -2.0)):
        found = np.asarray(likelihood.expected(np.array(pulls)))
        assert found == relative(counts(runs(narrow), pulls, errors, renp.Weak()), rel=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize("shape", LASERS)
def test_slopes_are_those_of_lines_computed_where_they_are(shape: str, monkeypatch: Any) -> None:
    one, x = known(shape), np.array([0.5, 1.0, 0.7, -0.4])
    monkeypatch.setitem(wide_response._MOST_PIECES, shape, 0)
    nuisances = renp.Nuisances(calibration_error=ERRORS[0], linewidth_error=ERRORS[1])
    other = renp.Likelihood(runs(LASERS[shape]), NU, {"mu": MOMENT, "g": LIGHT}, nuisances=nuisances)
    assert other.response is None
    found, wanted = (np.asarray(jax.jacfwd(lk.expected)(x)) for lk in (other, one))
    assert np.max(np.abs(found - wanted) / np.asarray(one.expected(x))[:, None]) < 1e-7


@pytest.mark.parametrize(
    ("laser", "nuisances"),
    [
        (renp.Laser(), {"calibration_error": 1e-6}),
        (renp.Laser(1e-8), {"calibration_error": 1e-5}),
        (renp.Laser(WIDTH), {"calibration_error": 1e-6, "free": ("lightest_mass",)}),
    ],
    ids=["sharp", "far narrower than its calibration", "of masses that vary"],
)
def test_other_lines_are_computed_where_they_are(laser: renp.Laser, nuisances: Any) -> None:
    likelihood = renp.Likelihood(runs(laser), NU, {"mu": MOMENT}, nuisances=renp.Nuisances(**nuisances))
    assert likelihood.response is None
