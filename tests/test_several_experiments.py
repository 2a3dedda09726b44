"""Several experiments in one likelihood, and what they share."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import renp
from cases import DAY, ENERGIES, NU, runs
from deviances import MU, RISE, deviance, least_background
from relative import relative
from renp.inference.accepted import accepted
from renp.inference.search import search
from renp.inference.starts import edges
from renp.inference.workspace import pyhf_workspace

XE = renp.Atom.named("Xe")
RATE = renp.Nuisances(normalisation_error=0.2)
SHARED = renp.Nuisances(normalisation_error=0.2, common=("normalisation",))


def periods(**options: Any) -> dict[str, renp.Experiment]:
    return {"first": runs(10.0, ENERGIES[:3], **options), "second": runs(25.0, ENERGIES[3:6], **options)}


def as_one() -> renp.Experiment:
    return runs([10.0] * 3 + [25.0] * 3, ENERGIES[:6])


def two_atoms() -> dict[str, renp.Experiment]:
    xe = renp.Experiment(
        XE,
        renp.Target(volume=30.0),
        [4.1, 4.15],
        20 * DAY,
        1e-5,
        counts=[40, 30],
        control_ratio=1.0,
        control_counts=[15, 20],
    )
    return {"Yb": runs(10.0, ENERGIES[:3], counts=[125, 111, 90]), "Xe": xe}


@pytest.mark.slow
def test_periods_of_one_experiment_are_that_experiment() -> None:
    whole = renp.Likelihood(as_one(), NU, MU, nuisances=RATE)
    joint = renp.Likelihood(periods(), NU, MU, nuisances=SHARED)
    assert joint.names == whole.names == ("mu", "normalisation")
    x = whole.point(mu=5e-11, normalisation=1.1)
    np.testing.assert_allclose(
        joint.expected(joint.point(mu=5e-11, normalisation=1.1)), whole.expected(x), rtol=1e-12
    )
    for method in ("delta-chi2", "cls"):
        limits = [
            renp.upper_limits(one, NU, couplings=MU, nuisances=nuisances, method=method).limits[
                "magnetic-moment"
            ]["mu"]
            for one, nuisances in ((as_one(), RATE), (periods(), SHARED))
        ]
        assert limits[0] == relative(limits[1], rel=1e-9)


def test_own_nuisances_are_told_by_the_experiments_names() -> None:
    experiments = two_atoms()
    joint = renp.Likelihood(
        experiments, NU, MU, nuisances={"Yb": renp.Nuisances(normalisation_error=0.1), "Xe": RATE}
    )
    assert joint.names == (
        "mu",
        "normalisation Yb",
        "normalisation Xe",
        "background_rate_1 Xe",
        "background_rate_2 Xe",
    )
    assert joint.size == 7
    assert joint.runs.tolist() == [0, 1, 2, 3, 4]
    parts = [
        renp.Likelihood(one, NU, MU, nuisances=renp.Nuisances(normalisation_error=error))
        for one, error in zip(experiments.values(), (0.1, 0.2), strict=True)
    ]
    there = {"mu": 6e-11, "normalisation Yb": 0.9, "normalisation Xe": 1.3, "background_rate_1 Xe": 2e-5}
    own = [
        {"mu": 6e-11, "normalisation": 0.9},
        {"mu": 6e-11, "normalisation": 1.3, "background_rate_1": 2e-5},
    ]
    total = sum(float(p.chi2(p.point(**values), p.data)) for p, values in zip(parts, own, strict=True))
    assert float(joint.chi2(joint.point(**there), joint.data)) == relative(total, rel=1e-12)


def test_thresholds_that_a_calibration_meets_are_those_of_each_experiment() -> None:
    """Of one that experiments share or that is their own, and of a laser whose photons have more energy."""

    def met(one: Any, *common: str) -> dict[str, list[float]]:
        uncertain = renp.Nuisances(calibration_error=1e-3, common=common)
        likelihood = renp.Likelihood(one, NU, MU, nuisances=uncertain)
        return {likelihood.names[k]: x.tolist() for k, x in edges(likelihood).items()}

    both = periods()
    (whole,) = met(as_one()).values()
    assert met(both, "calibration") == {"calibration": whole}
    own = {f"calibration {name}": met(one)["calibration"] for name, one in both.items()}
    assert met(both) == own
    offset = 3e-4
    shifted = runs(10.0, ENERGIES[:3], laser=renp.Laser(offset=offset))
    there = met(runs(10.0, np.array(ENERGIES[:3]) + offset))["calibration"]
    assert met(shifted)["calibration"] == relative(there, rel=1e-9)


@pytest.mark.slow
def test_what_some_experiments_share_is_not_another_ones() -> None:
    shares = renp.Nuisances(normalisation_error=0.2, calibration_error=1e-4, common=("calibration",))
    three = {"none": runs(10.0, ENERGIES[:1])} | periods()
    joint = renp.Likelihood(three, NU, MU, nuisances={"first": shares, "second": shares})
    assert joint.names == ("mu", "calibration", "normalisation first", "normalisation second")
    moved = joint.expected(joint.point(calibration=3e-4)) / joint.expected(joint.point())
    assert moved[0] == 1.0
    assert np.all(np.asarray(moved[1:]) < 1.0)


def test_two_periods_share_what_is_uncertain_of_their_atom() -> None:
    yb = renp.Atom.named("Yb", "full")
    both = {name: renp.Experiment(yb, renp.Target(), one, DAY) for name, one in (("a", 1.06), ("b", 1.07))}
    uncertain = renp.Nuisances(amplitude_errors=True, common=("amplitude",))
    assert renp.Likelihood(both, NU, MU, nuisances=uncertain).names == ("mu", "amplitude_1")
    own = renp.Nuisances(amplitude_errors=True)
    assert renp.Likelihood(both, NU, MU, nuisances=own).names == ("mu", "amplitude_1 a", "amplitude_1 b")


@pytest.mark.slow
def test_joint_limits_are_those_of_a_scipy_profile() -> None:
    """Normalisations by two atoms, control counts in closed form."""
    experiments = two_atoms()
    found = renp.upper_limits(experiments, NU, couplings=MU, nuisances=RATE).limits["magnetic-moment"]["mu"]
    moment = renp.MagneticMoment({(1, 1): 1e-10})
    signals = {
        name: [np.asarray(renp.expected_counts(e.with_runs(bare(e)), NU, m)) for m in (None, moment)]
        for name, e in experiments.items()
    }

    def least(size: float) -> float:
        def yb(z: float) -> float:
            weak, more = signals["Yb"]
            return deviance([125, 111, 90], 1.2**z * (weak + size * more)) + z**2

        def xe(z: float) -> float:
            weak, more = signals["Xe"]
            means = [
                (s + b, b)
                for n, off, s in zip([40, 30], [15, 20], 1.2**z * (weak + size * more), strict=True)
                for b in [least_background(n, off, 1.0, float(s))]
            ]
            return (
                sum(deviance(pair, mean) for pair, mean in zip([(40, 15), (30, 20)], means, strict=True))
                + z**2
            )

        return sum(
            optimize.minimize_scalar(f, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}).fun
            for f in (yb, xe)
        )

    bottom = optimize.minimize_scalar(least, bounds=(0.0, 5.0), method="bounded", options={"xatol": 1e-9})
    size, lowest = (bottom.x, bottom.fun) if bottom.fun < least(0.0) else (0.0, least(0.0))
    end = optimize.brentq(lambda s: least(s) - lowest - RISE, size, size + 50.0, xtol=1e-11)
    assert found == relative(1e-10 * np.sqrt(end), rel=1e-6)


def bare(experiment: renp.Experiment) -> Any:
    """Return the runs without backgrounds."""
    return experiment.runs.checked(
        experiment.atom.E_vg, photon_energy=experiment.photon_energy, duration=experiment.duration
    )


@pytest.mark.slow
def test_a_joint_likelihood_is_fitted_profiled_and_simulated() -> None:
    joint = renp.Likelihood(two_atoms(), NU, MU, nuisances=RATE)
    found = renp.fit(joint)
    assert found.valid
    assert found.photon_energy.tolist() == [*ENERGIES[:3], 4.1, 4.15]
    assert found.observed.tolist() == [125, 111, 90, 40, 30]
    assert found.degrees_of_freedom == 7 - 3
    limits = renp.profile(joint, "mu").intervals(0.9)
    assert limits[-1][1] == relative(renp.fit(joint, confidence_level=0.9)["mu"].upper, rel=2e-2)
    toys = renp.throw_toys(joint, {"mu": 8e-11}, toys=300)
    assert toys.failed == 0
    assert abs(toys.coverage["mu"] - 0.9) < 0.07


def test_free_masses_of_neutrinos_are_common() -> None:
    joint = renp.Likelihood(
        two_atoms(), NU, MU, nuisances=renp.Nuisances(free=("lightest_mass",), calibration_error=1e-6)
    )
    assert joint.names[:4] == ("mu", "lightest_mass", "calibration Yb", "calibration Xe")
    energies = joint.parts[1].photon_energy(
        {"calibration Xe": jnp.array(1e-6), "calibration Yb": jnp.array(9.0)}
    )
    assert energies.tolist() == pytest.approx([4.100001, 4.150001], abs=1e-15)


@pytest.mark.slow
def test_limits_and_fits_begin_at_one_least_value_where_runs_are_at_thresholds() -> None:
    """Two atoms with calibrations of their own; the minimum is 4·10⁻⁷ eV from where a run opens.

    By brute force the least χ² is 1.93228: on grids of either calibration that are dense around the
    thresholds, with expected counts as they are published and the rates fitted.
    """
    setting: dict[str, Any] = {
        "Yb": ([1.0709143095286917, 1.0685677391421622], [1.4661514e6, 9.330018e5], 3.18286e-5, [96, 148]),
        "Xe": ([4.157436920203012, 4.156835447856742], [7.441806e8, 4.8899077e8], 1.565353e-7, [111, 901]),
    }
    targets = {"Yb": renp.Target(volume=127.852272), "Xe": renp.Target(volume=10.0725972, width=3e-4)}
    joint = renp.Likelihood(
        {
            name: renp.Experiment(renp.Atom.named(name), targets[name], *runs[:3], counts=runs[3])
            for name, runs in setting.items()
        },
        renp.Neutrinos(0.03),
        {"mu": renp.MagneticMoment({(1, 2): 1.0})},
        nuisances={
            "Yb": renp.Nuisances(calibration_error=6.673257513809997e-05, normalisation_error=0.3),
            "Xe": renp.Nuisances(calibration_error=1.617872891351158e-05, normalisation_error=0.02),
        },
    )
    data = jax.tree.map(lambda a: np.asarray(a)[None], joint.data)
    least = float(accepted(joint, data, np.ones(5, dtype=bool), 0, RISE).chi2[0])
    assert least == pytest.approx(1.93228, abs=1e-4)
    assert least == pytest.approx(search(joint, joint.data, np.ones(5, dtype=bool)).chi2, abs=2e-5)


@pytest.mark.parametrize(
    ("experiments", "nuisances", "message"),
    [
        ({}, None, "experiment = {}: must be one Experiment, or at least one by name"),
        ({"one": 3}, None, r"experiment\['one'\] = 3, of type int: must be"),
        (runs(energies=[]), None, "experiment = of no runs: must be of at least one photon energy"),
        ({"one": runs(), "none": runs(energies=[])}, None, r"experiment\['none'\] = of no runs"),
        (periods(), {"third": RATE}, "a name in nuisances = 'third': must be "),
        (periods(), renp.Nuisances(common=("efficiency",)), "common = 'efficiency': must be "),
        (periods(), renp.Nuisances(common=("background",)), "common = 'background': must be of errors that"),
        (
            periods(),
            {"first": SHARED, "second": renp.Nuisances(normalisation_error=0.1, common=("normalisation",))},
            "common = 'normalisation': must be with the same error in all experiments",
        ),
        (periods() | {"third": runs(counts=1)}, None, "counts = None: must be given for all exp"),
    ],
)  # fmt: skip
def test_wrong_joint_likelihoods_are_refused(experiments: Any, nuisances: Any, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.Likelihood(experiments, NU, MU, nuisances=nuisances)


def test_what_needs_one_experiment_says_so() -> None:
    joint = renp.Likelihood(periods(), NU, MU)
    with pytest.raises(
        renp.InputError, match="likelihood = of 2 experiments: must be of one experiment here"
    ):
        pyhf_workspace(joint, "mu")
