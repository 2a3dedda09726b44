"""The whole atom against explicit sums over its states, with neutrino spinors and fields, in both orders."""

import numpy as np
import pytest

import renp
from cases import NU, random_couplings
from oracles import atom as states
from oracles import spinors
from relative import relative

MASSES = [float(m) for m in np.asarray(NU.masses)]
E_EG, E_VG, E_WG = 2.143493, 2.230725, 3.108
OMEGA = (0.4, 1.05, 1.0695)
"""The last between two thresholds."""


@pytest.fixture(autouse=True)
def _constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """One value of each constant for both sides."""
    monkeypatch.setattr(spinors, "G_FERMI", renp.constants.FERMI_CONSTANT)
    monkeypatch.setattr(spinors, "BOHR_MAGNETON", renp.constants.BOHR_MAGNETON)


@pytest.mark.parametrize("J_e", [0, 1, 2])
def test_the_papers_order_and_spin_sums_are_those_of_states(J_e: int) -> None:
    weights = {0: (1.5, 0.0), 1: (0.75, 1.5), 2: (1.05, 0.9)}[J_e]
    explicit = states.mixed(J_e, E_EG, [E_VG], orbit=False, both_orders=False)
    couplings = random_couplings(np.random.default_rng(J_e))
    atom = renp.Atom("two electrons", E_EG, E_VG, spin_weights=weights)
    for omega in OMEGA:
        found = renp.spectral_function(omega, atom, NU, renp.Couplings(**couplings), by_pair=True)
        assert np.asarray(found) == relative(states.spectrum(explicit, omega, MASSES, couplings), rel=1e-10)


@pytest.mark.parametrize("J_e", [0, 1, 2])
def test_two_photons_are_symmetric_with_both_orders_alone(J_e: int) -> None:
    """Bose symmetry, with a second real photon in the pair's place."""
    worst = {True: 0.0, False: 0.0}
    for both in worst:
        atom = states.mixed(J_e, E_EG, [E_VG, E_WG], both_orders=both)
        for lights in (("right", "left"), ("left", "left"), ("linear", "right"), ("linear", "linear")):
            for alongs in ((-1, -1), (-1, 1)):
                one = states.two_photons(atom, 0.6, lights, alongs)
                other = states.two_photons(atom, E_EG - 0.6, lights[::-1], alongs[::-1])
                worst[both] = max(worst[both], float(np.abs(one - other).max()))
    assert worst[True] < 1e-12
    assert worst[False] > 1e-2
