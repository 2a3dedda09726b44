"""All moments at once: information, unseen directions, and the region that several limits leave."""

import jax
import numpy as np
import pytest

import renp
from cases import ENERGIES, NU, runs
from oracles import profile
from relative import relative
from renp.bounds import bound, moment_basis, quadratic_form, solar_square, solar_weights
from renp.inference.information import information
from renp.inference.region import allowed_region
from renp.interactions.dipole import moment_couplings


def all_moments(experiment: renp.Experiment, **options) -> renp.Likelihood:
    units = moment_couplings("dirac")
    return renp.Likelihood(experiment, NU, units, **options)


@pytest.mark.sampled
@pytest.mark.parametrize(("energies", "rank"), [(ENERGIES, 7), (ENERGIES[:3], 3), ([1.0, 1.0], 1)])
def test_as_many_directions_are_seen_as_different_energies(energies, rank) -> None:
    found = information(all_moments(runs(energies=energies)))
    assert (found.rank, len(found.unseen)) == (rank, 12 - rank)


def test_unseen_directions_leave_the_counts_unchanged() -> None:
    likelihood = all_moments(runs())
    found = information(likelihood)
    slopes = np.asarray(jax.jacobian(likelihood.expected)(likelihood.point()))
    for direction in found.unseen:
        vector = np.array([direction.coefficients[name] for name in found.names])
        assert slopes @ vector == pytest.approx(np.zeros(7), abs=1e-6 * np.abs(slopes).max())


def test_information_of_one_coupling_is_its_square_root_law() -> None:
    """σ = 1/√Σ s²/N for the square of a moment, in the likelihood's unit."""
    likelihood = renp.Likelihood(runs(), NU, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    none, one = (np.asarray(likelihood.expected(np.array([x]))) for x in (0.0, 1.0))
    assert information(likelihood).errors[0] == relative(
        1 / np.sqrt(np.sum((one - none) ** 2 / none)), rel=1e-12
    )


@pytest.mark.slow
def test_region_of_one_quadratic_limit_is_known_in_closed_form() -> None:
    """The largest |μ_e|² with θᵀHθ ≤ L² is L² times the largest eigenvalue of the element's part of H⁻¹."""
    found = allowed_region(runs(), NU, ["borexino-2017"])
    weights = solar_weights(NU)
    inverse = np.linalg.inv(np.asarray(quadratic_form(lambda mu, eps: solar_square(mu, eps, weights))))
    names, _ = moment_basis("dirac")
    limit = bound("borexino-2017").limit
    for element, kind, symbol in (("11", "magnetic-moment", "μ"), ("13", "electric-moment", "ε")):
        part = [k for k, name in enumerate(names) if name.endswith(f"{symbol}_{element}")]
        size = 1.0 if len(part) == 1 else 0.5  # |μ_12|² is half of the square of the normalised direction
        largest = np.linalg.eigvalsh(inverse[np.ix_(part, part)])[-1]
        assert found.world[f"{kind} {element}"] == relative(limit * np.sqrt(size * largest), rel=1e-4)


@pytest.mark.slow
def test_region_of_renp_alone_is_the_limit_one_at_a_time() -> None:
    """Every other moment only adds counts, so that leaving it free does not weaken a limit."""
    found, alone = allowed_region(runs(), NU, []), renp.upper_limits(runs(), NU).limits
    for kind, of_kind in alone.items():
        for element, limit in of_kind.items():
            assert found.renp[f"{kind} {element}"] == relative(limit, rel=1e-3)


@pytest.mark.slow
def test_reactors_are_blind_and_stars_are_not() -> None:
    found = allowed_region(runs(energies=[1.068]), NU, ["gemma-2013"])
    assert all(np.isinf(x) for x in found.world.values())
    # What hides an element from the reactor are other elements, and those cost counts in RENP.
    assert all(0.9 * found.renp[e] < found.together[e] < 1.0001 * found.renp[e] for e in found.renp)
    assert found.together["magnetic-moment 11"] < 0.98 * found.renp["magnetic-moment 11"]
    stars = allowed_region(runs(energies=[1.068]), NU, ["red-giants-2019"])
    assert stars.world["magnetic-moment 11"] == relative(2.2e-12, rel=1e-5)
    assert stars.together["magnetic-moment 11"] == relative(2.2e-12, rel=1e-2)


def squares(experiment: renp.Experiment) -> tuple[np.ndarray, np.ndarray]:
    """Return expected counts without moments, and what the square of each element in μ_B² adds to them."""
    null = np.asarray(renp.expected_counts(experiment, NU))
    size = 1e-9
    more = [
        np.asarray(renp.expected_counts(experiment, NU, renp.Weak() + kind({element: size}))) - null
        for kind in (renp.MagneticMoment, renp.ElectricMoment)
        for element in ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3))
    ]
    return null, np.array(more) / size**2


@pytest.mark.sampled
@pytest.mark.parametrize("factor", [1.4, 1.0, 0.7])
def test_region_of_observed_counts_rises_from_the_best_fit(factor: float) -> None:
    """An excess is described by moments, and what is allowed is counted from there, not from no moments."""
    experiment = runs(energies=[1.068], counts=[round(117 * factor)])
    null, signals = squares(experiment)
    counts = np.asarray(experiment.counts)
    found = allowed_region(experiment, NU, []).renp
    best = profile.least(null, signals, counts)
    for k, limit in enumerate(found.values()):
        assert profile.least(null, signals, counts, {k: limit**2}) == relative(best + 2.705543454, rel=1e-6)


def test_region_of_an_excess() -> None:
    """160 counts where 117 are expected: Δχ² above no moments would be 1.03e-10 for the element 11."""
    found = allowed_region(runs(energies=[1.068], counts=[160.0]), NU, [])
    assert found.renp["magnetic-moment 11"] == relative(8.24e-11, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.0005, 0.9995])
def test_region_within_a_sharp_limit_rises_from_the_best_fit_within_it(factor: float) -> None:
    """What stars allow is Σ|μ_ij|² + |ε_ij|² below a limit: linear in the squares, a convex problem."""
    expected = np.asarray(renp.expected_counts(runs(2e6), NU))
    experiment = runs(2e6, counts=np.round(factor * expected))
    null, signals = squares(experiment)
    counts = np.asarray(experiment.counts)
    found = allowed_region(experiment, NU, ["red-giants-2019"])
    weights = np.tile([1.0, 2.0, 2.0, 1.0, 2.0, 1.0], 2) / bound("red-giants-2019").limit ** 2
    least = profile.least(null, signals, counts, within=[weights])
    binds = 0
    for k, limit in enumerate(found.together.values()):
        there = profile.least(null, signals, counts, {k: limit**2}, within=[weights])
        assert there < least + 2.7056 + 1e-5
        if weights[k] * limit**2 < 1 - 1e-6:  # else the stars' limit alone is reached
            binds += 1
            assert there - least == relative(2.705543454, rel=1e-4)
    assert binds


def test_counts_where_nothing_can_be_emitted_have_no_region() -> None:
    with pytest.raises(renp.InputError, match=r"counts\[1\]"):
        allowed_region(runs(energies=[1.068, 1.0718], counts=[117.0, 3.0]), NU, [])


def test_entries_without_an_effective_moment_are_refused() -> None:
    with pytest.raises(renp.InputError, match="upper limit on an effective moment"):
        allowed_region(runs(), NU, ["lz-2022-millicharge"])


@pytest.mark.slow
def test_results_are_tables_files_and_pictures(tmp_path) -> None:
    majorana = renp.Neutrinos(0.01, nature="majorana")
    for result in (
        information(all_moments(runs())),
        allowed_region(runs(energies=[1.068]), majorana, ["borexino-2017"]),
    ):
        for ending in ("json", "csv", "nc", "png"):
            assert result.save(tmp_path / f"result.{ending}").stat().st_size > 0
        assert "11" in str(result) or "12" in str(result)


def test_no_region_of_squares_with_light_of_one_helicity() -> None:
    atom = renp.Atom.named("Yb").refined(polarisation="right")
    runs_of_one = renp.Experiment(atom, renp.Target(), [1.068], 86400.0)
    with pytest.raises(renp.InputError, match="polarisation = light that sees one helicity"):
        renp.allowed_region(runs_of_one, renp.Neutrinos(0.01), ["borexino-2017"])
