"""Charges, radii and anapoles of the papers' companion: limits, shapes, and how types are told apart."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import renp
from relative import relative
from renp.bounds.recast import recast_limit
from renp.papers import claims, companion, letter
from renp.results.base import Result

DAY = 86400.0
NU = letter.setup().neutrinos
YB = letter.setup().atom


@pytest.mark.slow
def test_limits_are_those_of_the_package() -> None:
    found = companion.limits()
    for kind, of in claims.limits(10.0).items():
        assert found[kind] == relative(of, rel=1e-12)
    runs = renp.Experiment(
        YB, letter.setup().experiment.target, letter.setup().experiment.photon_energy, 10 * DAY
    )
    units = {"charge": renp.Charge({(1, 3): 1.0}), "anapole": renp.Anapole({(1, 3): 1.0})}
    limits = renp.upper_limits(runs, NU, couplings={kind: {"13": one} for kind, one in units.items()}).limits
    for kind in units:
        assert found[kind]["13"] == relative(limits[kind]["13"], rel=1e-9)


@pytest.mark.parametrize("element", [(1, 1), (3, 3)])
def test_shapes_follow_the_master_formula(element: tuple[int, int]) -> None:
    """Σ over the pair: Δ ω²/[(E_vg − ω)² q²] times what each type has of the bracket."""
    omega = np.array([1.05, 1.066, 1.0692])
    m = float(NU.masses[element[0] - 1])
    q2 = YB.E_eg * (YB.E_eg - 2 * omega)
    x = 4 * m**2 / q2
    front = np.sqrt(1 - x) * omega**2 / (YB.E_vg - omega) ** 2
    brackets = {
        "magnetic-moment": 1 + 2 * x,
        "electric-moment": 1 - x,
        "charge": (2 + x) / q2,
        "charge-radius": (2 + x) * q2,
        "anapole": 2 * (1 - x) * q2,
    }
    limits = companion.limits()
    for kind, of in companion.TYPES.items():
        found = np.asarray(renp.spectral_function(omega, YB, NU, of({element: limits[kind]["11"]})))
        shape = front * brackets[kind]
        assert found / found[0] == relative(shape / shape[0], rel=1e-9)


@pytest.mark.slow
def test_types_are_told_apart_when_chi2_has_risen() -> None:
    low, high = companion.section("33")
    inside = low + (high - low) * (np.arange(8) + 0.5) / 8
    days = companion.identification("33")["charge"]["anapole"]
    runs = renp.Experiment(YB, letter.setup().experiment.target, inside, days * DAY)
    true, tested = (companion.TYPES[kind]({(3, 3): 1.0}) for kind in ("charge", "anapole"))
    size = 2 * companion.limits()["charge"]["33"]
    seen = np.asarray(renp.expected_counts(runs, NU, renp.Weak() + size * true))
    null = np.asarray(renp.expected_counts(runs, NU))
    signal = np.asarray(renp.expected_counts(runs, NU, 1e-25 * tested))

    def chi2(square: float) -> float:
        N = null + square * signal
        return float(2 * np.sum(N - seen + seen * np.log(seen / N)))

    least = minimize_scalar(chi2, bounds=(0, 1e3), method="bounded", options={"xatol": 1e-9}).fun
    assert least == relative(2.705543454095404, rel=1e-6)


@pytest.mark.slow
def test_an_anapole_scatters_as_a_charge_radius() -> None:
    radius, anapole = (recast_limit("borexino", kind) for kind in ("charge-radius", "anapole"))
    assert anapole.high == relative(-radius.low / 6, rel=1e-12)
    assert anapole.low == relative(-radius.high / 6, rel=1e-12)
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY)
    one = {"anapole": {"11": renp.Anapole({(1, 1): 1.0})}, "charge": {"11": renp.Charge({(1, 1): 1.0})}}
    found = renp.sensitivity(runs, NU, "exposure", [1.0, 10.0], couplings=one, toys=0)
    assert isinstance(found, Result)
    pattern = np.diag([1.0, 0, 0])
    for kind in one:
        for key, name in (("texono", "TEXONO CsI"), ("xenonnt", "XENONnT")):
            limit = recast_limit(key, kind, 0.0, NU, pattern=pattern).limit[0]
            assert found.existing[kind]["11"][name] == relative(np.full(2, limit), rel=1e-12)
