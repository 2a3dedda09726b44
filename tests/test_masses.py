"""Σm, m_β and m_ββ: what is known of the masses from elsewhere."""

import itertools

import jax
import numpy as np
import pytest

import renp
from relative import relative
from renp.inference.newton import local
from renp.results.masses import MassCurves
from renp.scenario import preset_text


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_masses_are_those_of_the_neutrinos(ordering: str) -> None:
    at = [0.0, 0.003, 0.2]
    found = MassCurves.compute(renp.Neutrinos(0.01, ordering), at)
    for k, lightest in enumerate(at):
        nu = renp.Neutrinos(lightest, ordering)
        m, weight = np.asarray(nu.masses), np.abs(np.asarray(nu.mixing_matrix)[0]) ** 2
        assert found.sum[k] == relative(m.sum(), rel=1e-9)
        assert found.beta[k] == relative(float(np.sqrt(weight @ m**2)), rel=1e-9)


def test_double_beta_has_the_range_of_all_phases() -> None:
    lightest = 0.004
    found = MassCurves.compute(renp.Neutrinos(0.01), [lightest])
    grid = np.linspace(0, 2 * np.pi, 37)
    nu = renp.Neutrinos(lightest, nature="majorana")
    U, m = np.asarray(nu.mixing_matrix)[0], np.asarray(nu.masses)
    sizes = [abs(U**2 * np.exp(1j * np.array([a, b, 0])) @ m) for a, b in itertools.product(grid, grid)]
    assert found.double_beta[1, 0] == relative(max(sizes), rel=1e-2)
    assert found.double_beta[0, 0] <= min(sizes)
    assert min(sizes) - found.double_beta[0, 0] < 2e-4


def test_masses_below_0_are_refused() -> None:
    with pytest.raises(renp.InputError, match="lightest_mass"):
        MassCurves.compute(renp.Neutrinos(0.01), [-0.1])


PHOTONS = [1.06, 1.069, 1.0705]
KNOWN = {
    "sum": renp.MeasuredMass(limit=0.12, confidence_level=0.95),
    "beta": renp.MeasuredMass(value=0.04, error=0.02),
}


def _likelihood(
    masses: dict[str, renp.MeasuredMass], free: tuple[str, ...] = ("lightest_mass",)
) -> renp.Likelihood:
    yb = renp.Atom.named("Yb")
    runs = renp.Experiment(yb, renp.Target(), PHOTONS, 1e6, counts=[260, 110, 92])
    known = renp.Nuisances(("dm2_31",), free, measured_masses=masses)
    return renp.Likelihood(runs, renp.Neutrinos(0.01), nuisances=known)


@pytest.mark.slow
def test_measured_masses_add_their_terms() -> None:
    with_masses, without = _likelihood(KNOWN), _likelihood({})
    x = with_masses.point(lightest_mass=0.03, dm2_31=2.53e-3)
    m = np.asarray(renp.Neutrinos(0.03, dm2_31=2.53e-3).masses)
    weight = np.abs(np.asarray(renp.Neutrinos(0.03).mixing_matrix)[0]) ** 2
    terms = (m.sum() / 0.12) ** 2 * 3.841458820694124 + ((np.sqrt(weight @ m**2) - 0.04) / 0.02) ** 2
    added = float(with_masses.chi2(x, with_masses.data)) - float(without.chi2(x, without.data))
    assert added == relative(terms, rel=1e-10)
    values = [*(float(v) for v in with_masses.values(x).values())]
    for constrained, rest in ((True, float(with_masses.chi2(x, with_masses.data))), (False, None)):
        found = float(with_masses.log_likelihood(values, constrained=constrained))
        alone = float(without.log_likelihood(values, constrained=constrained))
        assert alone - found == relative(terms / 2, rel=1e-10)
        assert rest is None or found == relative(-rest / 2, rel=1e-10)


@pytest.mark.slow
def test_a_fit_with_measured_masses_is_at_the_least_chi2() -> None:
    likelihood = _likelihood(KNOWN)
    found = renp.fit(likelihood, fixed=["dm2_31"])
    grid = np.linspace(0, 0.08, 801)
    values = [float(likelihood.chi2(likelihood.point(lightest_mass=m), likelihood.data)) for m in grid]
    best = grid[int(np.argmin(values))]
    assert found.valid
    assert abs(found["lightest_mass"].value - best) <= 1e-4
    assert found.chi2 <= min(values) + 1e-9
    inside = grid[np.array(values) < min(values) + 1]
    assert abs(found["lightest_mass"].upper - inside[-1]) <= 2e-4
    assert found.degrees_of_freedom == len(PHOTONS) + 2 - 1


@pytest.mark.slow
def test_slope_and_curvature_have_the_measured_masses() -> None:
    likelihood = _likelihood(KNOWN)
    x = likelihood.point(lightest_mass=0.02, dm2_31=2.53e-3)
    here = local(likelihood, x, likelihood.data)
    assert np.asarray(here.slope) == relative(np.asarray(jax.grad(likelihood.chi2)(x, likelihood.data)), 1e-9)
    expected = likelihood.asimov(x)
    bare = _likelihood({})
    more = np.asarray(local(likelihood, x, expected).curvature - local(bare, x, bare.asimov(x)).curvature)
    slopes = np.asarray(jax.jacobian(likelihood.external)(x))[1:]
    assert more == relative(2 * slopes.T @ slopes, 1e-9)


def test_toys_draw_the_measured_masses() -> None:
    likelihood = _likelihood(KNOWN)
    x = likelihood.point(lightest_mass=0.05)
    drawn = np.asarray(likelihood.toys(x, jax.random.key(1), 4000).pulls) - np.asarray(likelihood.external(x))
    assert likelihood.external_names == ("dm2_31", "beta", "sum")
    assert drawn.shape == (4000, 3)
    assert np.all(np.abs(drawn.mean(axis=0)) < 5 / 4000**0.5)
    assert np.all(np.abs(drawn.std(axis=0) - 1) < 0.06)


@pytest.mark.parametrize(
    ("masses", "free", "said"),
    [
        ({"sums": KNOWN["sum"]}, ("lightest_mass",), "did you mean 'sum'"),
        ({"double_beta": KNOWN["sum"]}, ("lightest_mass",), "of Dirac neutrinos it is 0"),
        (KNOWN, (), "beside a free lightest_mass"),
        ({"sum": 0.12}, ("lightest_mass",), "renp.MeasuredMass"),
    ],
)
def test_measured_masses_that_cannot_be(
    masses: dict[str, renp.MeasuredMass], free: tuple[str, ...], said: str
) -> None:
    with pytest.raises(renp.InputError, match=said):
        _likelihood(masses, free)


@pytest.mark.parametrize("numbers", [{}, {"limit": 0.1, "value": 0.1}, {"value": 0.1}, {"limit": 0.0}])
def test_a_measured_mass_is_a_limit_or_a_value(numbers: dict[str, float]) -> None:
    with pytest.raises(renp.InputError):
        renp.MeasuredMass(**numbers)


def test_a_file_says_what_masses_were_measured() -> None:
    text = preset_text("letter") + (
        'free = ["lightest_mass"]\nmeasured_masses.sum = { limit = "120 meV", confidence_level = 0.95 }\n'
        'measured_masses.beta = { value = "0.04 eV", error = "20 meV" }\n'
    )
    scenario = renp.Scenario.from_text(text)
    assert scenario.nuisances.measured_masses == KNOWN
    assert renp.Scenario.from_text(scenario.text).nuisances == scenario.nuisances
    wrong = text.replace('value = "0.04 eV", ', "")
    with pytest.raises(ValueError, match=r"statistics\.measured_masses: .*either a limit"):
        renp.Scenario.from_text(wrong)
