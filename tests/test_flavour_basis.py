"""Moments, charges and anapoles that are given in the flavour basis."""

import jax.numpy as jnp
import numpy as np
import pytest

import renp
from relative import relative
from renp.bounds import flavour_moment, transition_moments
from renp.constants import BOHR_MAGNETON, ELECTRON_CHARGE

DIRAC = renp.Neutrinos(0.01)
MAJORANA = renp.Neutrinos(0.01, nature="majorana", majorana_phases=(0.4, 1.9))
KINDS = (renp.MagneticMoment, renp.ElectricMoment, renp.Charge, renp.ChargeRadius, renp.Anapole)


def moments(model: renp.Interaction, nu: renp.Neutrinos) -> tuple[jnp.ndarray, jnp.ndarray]:
    found = model.couplings(nu, 0.1)
    return found.get("mu") / BOHR_MAGNETON, -1j * found.get("eps") / BOHR_MAGNETON


@pytest.mark.parametrize("flavour", [0, 1, 2])
@pytest.mark.parametrize("kind", [renp.MagneticMoment, renp.ElectricMoment])
def test_a_moment_of_one_flavour_is_that_flavours_effective_moment(kind: type, flavour: int) -> None:
    mu, eps = moments(kind({(1, 1): 3e-11}, basis="flavour"), DIRAC)
    found = flavour_moment(mu, eps, DIRAC.mixing_matrix[flavour])
    assert float(found) == pytest.approx(3e-11 if flavour == 0 else 0.0, rel=1e-12, abs=1e-25)


@pytest.mark.parametrize("kind", [renp.MagneticMoment, renp.ElectricMoment])
def test_a_majorana_transition_moment_is_seen_by_both_its_flavours(kind: type) -> None:
    mu, eps = moments(kind({(1, 2): 3e-11}, basis="flavour"), MAJORANA)
    found = [float(flavour_moment(mu, eps, MAJORANA.mixing_matrix[k])) for k in range(3)]
    assert found[:2] == relative([3e-11, 3e-11], rel=1e-12)
    assert found[2] < 1e-25
    assert np.asarray(mu) == pytest.approx(-np.asarray(mu).T, abs=1e-25)
    assert float(jnp.max(jnp.abs(eps))) > 1e-13


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nu", [DIRAC, MAJORANA], ids=["dirac", "majorana"])
def test_the_sum_of_squares_is_the_same_in_both_bases(kind: type, nu: renp.Neutrinos) -> None:
    there, here = (kind({(1, 2): 1e-11}, basis).couplings(nu, 0.1) for basis in ("flavour", "mass"))
    names = ("mu", "eps", "F", "G")
    squares = [sum(float(jnp.sum(jnp.abs(of.get(n)) ** 2)) for n in names) for of in (there, here)]
    assert squares[0] == relative(squares[1], rel=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_interactions_like_others(kind: type) -> None:
    renp.check_interaction(kind({(1, 2): 1e-11}, basis="flavour"))
    (coupling,) = kind({(1, 2): 1e-11}, basis="flavour").directions()
    assert coupling.label == "eμ"
    assert "basis='flavour'" in repr(coupling.interaction)
    assert "basis" not in repr(kind({(1, 2): 1e-11}))


def test_a_charge_of_all_flavours_alike_is_the_same_in_the_mass_basis() -> None:
    found = renp.Charge({(k, k): 1e-12 for k in (1, 2, 3)}, basis="flavour").couplings(DIRAC, 0.1)
    assert np.asarray(found.F) == pytest.approx(1e-12 * ELECTRON_CHARGE * np.eye(3), abs=1e-25)


def test_three_numbers_describe_majorana_moments() -> None:
    """Λ_k = ε_ijk (μ − iε)_ij/2: their length is half the sum over all elements of |μ − iε|²."""
    mu, eps = moments(renp.MagneticMoment({(1, 2): 3e-11}, basis="flavour"), MAJORANA)
    found = transition_moments(mu, eps)
    assert float(jnp.sum(jnp.abs(found) ** 2)) == relative(9e-22, rel=1e-12)
    only = transition_moments(jnp.zeros((3, 3)).at[0, 1].set(2.0).at[1, 0].set(-2.0), jnp.zeros((3, 3)))
    assert np.asarray(only).tolist() == [0, 0, 2]


def test_scalar_and_pseudoscalar_rotate_each_for_itself_where_both_sides_do_alike() -> None:
    rng = np.random.default_rng(5)
    square = rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3))
    y = square + square.conj().swapaxes(-1, -2)
    U = np.asarray(DIRAC.mixing_matrix)
    there, here = (
        renp.ScalarMediator(10.0, 1e-7, scalar=s, pseudoscalar=p, basis=basis).couplings(DIRAC, 0.1)
        for (s, p), basis in ((y, "flavour"), (U.T @ y @ U.conj(), "mass"))
    )
    for name in ("s", "p"):
        assert np.asarray(there.get(name)) == relative(np.asarray(here.get(name)), rel=1e-13)


def test_a_wrong_basis_is_named() -> None:
    with pytest.raises(renp.InputError, match="flavour"):
        renp.MagneticMoment({(1, 1): 1e-11}, basis="weak")
