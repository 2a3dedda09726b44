"""Quantities of pint and astropy, masks, tables and types of numbers, wherever a number is taken."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pint
import pytest
from astropy import units
from hypothesis import given
from hypothesis import strategies as st

import renp
from relative import relative
from renp.scenario.quantities import FACTORS, parse_quantity
from renp.units import plain

ureg: Any = pint.UnitRegistry()
YB = renp.Atom.named("Yb")
TARGET = renp.Target()


def runs(energy: Any = 1.068, duration: Any = 1.0, **options: Any) -> renp.Experiment:
    return renp.Experiment(YB, TARGET, [energy] if np.ndim(energy) == 0 else energy, duration, **options)


MOMENT = renp.Likelihood(runs(), renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})


def uncertain(errors: Any) -> renp.Likelihood:
    two = runs([1.068, 1.07], background=1e-5)
    return renp.Likelihood(two, renp.Neutrinos(0.01), nuisances=renp.Nuisances(background_error=errors))


CONVERTED: dict[str, tuple[Callable[[], Any], float]] = {
    "duration": (lambda: runs(duration=10 * ureg.day).duration[0], 864000.0),
    "durations": (lambda: runs(duration=[10 * ureg.day]).duration[0], 864000.0),
    "background": (lambda: runs(background=5 / ureg.day).background[0], 5 / 86400),
    "error": (lambda: runs(background_error=5 * ureg.percent).background_error[0], 0.05),
    "wavelength": (lambda: runs([1.157] * ureg.um).photon_energy[0], 1.2398419843320026 / 1.157),
    "spectrum": (
        lambda: renp.spectral_function(1068 * ureg.meV, YB, renp.Neutrinos(0.01)),
        float(renp.spectral_function(1.068, YB, renp.Neutrinos(0.01))),
    ),
    "mass": (lambda: renp.Neutrinos(10 * ureg.meV).lightest_mass, 0.01),
    "mass of a particle": (lambda: renp.Neutrinos(10 * ureg("meV/c^2")).lightest_mass, 0.01),
    "splitting": (lambda: renp.Neutrinos(0.0, dm2_21=75 * ureg.meV**2).dm2_21, 75e-6),
    "phase": (lambda: renp.Neutrinos(0.01, delta_cp=90 * ureg.degree).delta_cp, np.pi / 2),
    "level": (lambda: renp.Atom("X", 2143 * ureg.meV, 2.2).E_eg, 2.143),
    "wavenumber of a level": (
        lambda: renp.Atom("X", 17288.439 / ureg.cm, 3.0).E_eg,
        17288.439 * 1.2398419843320026e-4,
    ),
    "line": (lambda: renp.Laser(gaussian=2 * ureg.ueV).gaussian, 2e-6),
    "density": (lambda: renp.Target(density=1e27 / ureg.m**3).density, 1e21),
    "volume": (lambda: renp.Target(volume=1 * ureg.liter).volume, 1000.0),
    "mediator": (lambda: renp.VectorMediator(2 * ureg.keV, 1e-8, left={(1, 1): 1.0}).mass, 2000.0),
    "moments": (
        lambda: renp.MagneticMoment(np.eye(3) * 1e-34 * ureg.J / ureg.T).elements[0, 0],
        1e-34 / 9.2740100657e-24,
    ),
    "moment": (lambda: renp.MagneticMoment({(1, 2): 3e-11 * ureg.bohr_magneton}).elements[0, 1], 3e-11),
    "light of a run": (
        lambda: renp.Experiment(
            renp.Atom.named("Yb", "full"), TARGET, 1.0, 1.0, polarisation=50 * ureg.percent
        ).polarisation[0],
        0.5,
    ),
    "measured mass": (lambda: renp.MeasuredMass(value=100 * ureg.meV, error=1.0).centre, 0.1),
    "limit on a mass": (
        lambda: renp.MeasuredMass(limit=100 * ureg.meV).width,
        renp.MeasuredMass(limit=0.1).width,
    ),
    "errors of backgrounds": (lambda: uncertain([5, 10] * ureg.percent).parameters[1].plus, 0.1),
    "errors in a column": (lambda: uncertain(pd.Series([0.05, 0.1])).parameters[1].plus, 0.1),
    "point": (
        lambda: MOMENT.point(mu=3e-11 * ureg.bohr_magneton)[0],
        float(MOMENT.point(mu=3e-11)[0]),
    ),
    "masses of a grid": (lambda: renp.mass_grid(runs(), 10 * ureg.meV, points=2)[0], 0.01),
    "series": (lambda: runs(pd.Series([1.068, 1.07]), duration=pd.Series([1, 2])).duration[1], 2.0),
    "array without axes": (lambda: runs(duration=np.array(7.0)).duration[0], 7.0),
    "mask that hides nothing": (lambda: runs(counts=np.ma.array([4], mask=[False])).counts[0], 4.0),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_a_quantity_keeps_its_unit(name: str) -> None:
    call, expected = CONVERTED[name]
    # pint's constants are of another year than ours: nine digits are alike
    assert complex(call()).real == relative(expected, rel=1e-8)


REFUSED: dict[str, Callable[[], Any]] = {
    "duration in metres": lambda: runs(duration=10 * ureg.meter),
    "energies in seconds": lambda: runs([1.0] * ureg.second),
    "efficiency in eV": lambda: runs(efficiency=0.5 * ureg.eV),
    "confidence level in days": lambda: renp.upper_limits(runs(), renp.Neutrinos(0.01), 0.9 * ureg.day),
    "mass in seconds": lambda: renp.Neutrinos(1 * ureg.second),
    "moment in metres": lambda: renp.MagneticMoment({(1, 2): 1 * ureg.meter}),
    "matrix in metres": lambda: renp.MagneticMoment(np.eye(3) * ureg.meter),
    "couplings with a unit": lambda: renp.Couplings(V=np.eye(3) * ureg.eV),
    "masked count": lambda: runs(counts=np.ma.array([4], mask=[True])),
    "masked number": lambda: renp.Neutrinos(np.ma.masked),
    "masked energy": lambda: renp.spectral_function(
        np.ma.array([1.0, 1.06], mask=[0, 1]), YB, renp.Neutrinos(0.0)
    ),
    "missing count": lambda: runs(counts=pd.Series([None], dtype="Int64")),
    "boolean": lambda: renp.Neutrinos(np.True_),
    "booleans": lambda: runs(duration=np.array([True])),
    "boolean matrix": lambda: renp.Couplings(V=np.eye(3, dtype=bool)),
    "light in eV": lambda: runs(polarisation=0.5 * ureg.eV),
    "masked time": lambda: renp.Preparation(length=1.0, repetition=1.0, decay_time=np.ma.masked),
    "point of half precision": lambda: MOMENT.point(mu=np.float16(0.5)),
    "exposure of no number": lambda: MOMENT.with_exposure(float("nan")),
    "total time in eV": lambda: renp.plan("limits", runs(), renp.Neutrinos(0.01), total=1 * ureg.eV),
    "weight of no contrast": lambda: renp.plan(
        "ordering",
        runs(),
        renp.Neutrinos(0.01),
        weights={"mu": 2.0},
        constraints=renp.Constraints(candidates=10),
    ),
    "half precision": lambda: renp.Neutrinos(np.float16(0.01)),
    "energies of half precision": lambda: runs(np.array([1.068], dtype=np.float16)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_taken_for_another_number_is_refused(name: str) -> None:
    with pytest.raises(renp.InputError):
        REFUSED[name]()


def test_the_wrong_dimension_is_named() -> None:
    with pytest.raises(renp.InputError, match="duration = 10 meter: must be a quantity that converts to s"):
        runs(duration=10 * ureg.meter)


def test_single_precision_is_said() -> None:
    with pytest.warns(UserWarning, match="omega is of single precision"):
        renp.spectral_function(np.float32([1.068]), YB, renp.Neutrinos(0.01))


def test_astropy() -> None:
    assert plain("duration", 10 * units.day, "s") == relative(864000.0, rel=1e-15)
    assert plain("omega", 1157 * units.nm, "eV", photon=True) == relative(1.0716006778, rel=1e-9)
    assert plain("moment", 1e-34 * units.J / units.T, "μ_B") == relative(1e-34 / 9.2740100657e-24, rel=1e-15)
    with pytest.raises(renp.InputError, match="converts to s"):
        plain("duration", 10 * units.m, "s")


@pytest.mark.parametrize(
    ("unit", "text"), [(unit, text) for unit, of_unit in FACTORS.items() for text in of_unit]
)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_units_known_without_pint_are_its_own_to_the_bit(unit: str, text: str, number: float) -> None:
    theirs = ureg.Quantity(number, ureg.Unit(f"1{text}" if text.startswith("/") else text)).to(unit)
    assert parse_quantity(f"{number!r} {text}", unit) == theirs.magnitude
