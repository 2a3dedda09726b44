"""Σm, m_β and m_ββ: what is known of the masses from elsewhere."""

import itertools

import numpy as np
import pytest

import renp
from relative import relative
from renp.results.masses import MassCurves


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
