"""Arguments of any type and size, in any place of what is public."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import jax
import numpy as np
import pandas as pd
import pint

import renp
from renp.atoms.level import Level
from renp.atoms.spin import spin_weights
from renp.inference.nuisances import nuisance_parameters
from renp.results.bounds import Bounds
from renp.scenario import Scenario, preset_text

YB = renp.Atom.named("Yb")
FULL = renp.Atom.named("Yb", "full")
NU = renp.Neutrinos(0.01)
MOMENT = renp.MagneticMoment({(1, 1): 3e-11})
RUNS = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], 864000.0, counts=[120, 90])
LIKELIHOOD = renp.Likelihood(RUNS, NU, {"mu": MOMENT})
UNIT: Any = pint.UnitRegistry()


class Stranger:
    """What no argument is."""


class Rude:
    """What cannot even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError("I am not to be printed")


def _deep(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def nasty() -> list[Any]:
    """Return values that somebody may hand in."""
    return [
        *(
            None,
            True,
            False,
            0,
            -1,
            1,
            2,
            10**30,
            10**400,
            -(10**400),
            10**5000,
            0.0,
            -0.0,
            0.5,
            1.0,
            2.0,
            1e-300,
        ),
        *(np.nan, np.inf, -np.inf, 5e-324, 1e308, -1e308, 1j, complex("nan"), Decimal("0.1"), Decimal("nan")),
        *(
            Fraction(1, 3),
            "",
            "x",
            "1",
            "1 eV",
            "Yb",
            "normal",
            "majorana",
            "limits",
            "mu",
            "\0",
            "\ud800",
            "9" * 9999,
        ),
        *(
            b"",
            b"Yb",
            bytearray(3),
            [],
            (),
            {},
            set(),
            {1},
            [1.0],
            [1.068, 1.07],
            [1.0, "x"],
            [None],
            [[1], [1, 2]],
        ),
        *(
            _deep(20),
            _deep(900),
            [[]],
            [[1.0]],
            range(3),
            iter([1.0]),
            (x for x in "ab"),
            {"a": 1},
            {(1, 1): 1e-11},
        ),
        *(
            {(1, 2): 1j},
            {(0, 1): 1},
            {(1, 1): "x"},
            {"11": 1},
            {1: {2: 3}},
            {"mu": MOMENT},
            {"a": {"b": MOMENT}},
        ),
        *(
            object(),
            Stranger(),
            Stranger,
            Rude(),
            len,
            lambda: 1,
            Path("a"),
            Path("a\0"),
            datetime.date(2026, 1, 1),
        ),
        *(
            np.array(1.0),
            np.array([1.0, np.nan]),
            np.zeros(0),
            np.zeros((2, 2)),
            np.eye(3),
            1j * np.eye(3),
            np.eye(4),
        ),
        *(
            np.zeros((3, 0, 3)),
            np.array(["a"]),
            np.array([None]),
            np.array([1, 2], dtype=object),
            np.array([True]),
        ),
        *(
            np.float16(1),
            np.float32(1),
            np.float64(1),
            np.int8(1),
            np.uint64(2**64 - 1),
            np.longdouble(1),
            np.str_("x"),
        ),
        *(np.datetime64("2026-01-01"), np.timedelta64(1, "D"), np.ma.masked, np.ma.array([1.0], mask=[True])),
        *(
            np.rec.array([(1, 2.0)]),
            np.bytes_(b"x"),
            np.arange(10**5) * 1e-5,
            memoryview(b"abc"),
            np.void(b"abc"),
        ),
        *(
            jax.numpy.array(1.0),
            jax.numpy.array([1.0, 2.0]),
            jax.numpy.float32(1),
            jax.numpy.nan,
            jax.random.key(0),
        ),
        *(
            pd.Series([1.0]),
            pd.Series(["x"]),
            pd.Series([None], dtype="Int64"),
            pd.DataFrame({"a": [1.0]}),
            pd.NA,
        ),
        *(pd.Timestamp("2026-01-01"), pd.Timedelta(days=1), pd.NaT, pd.Index([1.0])),
        *(1 * UNIT.eV, 1 * UNIT.day, [1.0] * UNIT.nm, 1 * UNIT.degC, UNIT, UNIT.eV, 10**400 * UNIT.eV),
        *(
            YB,
            NU,
            MOMENT,
            RUNS,
            LIKELIHOOD,
            renp.Target(),
            renp.Laser(),
            renp.Weak(),
            renp.Nuisances(),
            renp,
            jax,
        ),
        *(
            slice(3),
            Ellipsis,
            NotImplemented,
            Exception("x"),
            type,
            int,
            np.float64,
            float,
            np.random.default_rng(0),
        ),
    ]


_MEDIATOR = {"mass": 1e3, "electron": 1e-8, "basis": "mass", "width": 0.0}
_PHOTON = {"omega": 1.0, "atom": YB, "neutrinos": NU, "model": MOMENT}
_RUNS = {"atom": YB, "target": renp.Target(), "photon_energy": [1.0], "duration": 1.0}
_LEVELS = {"name": "X", "E_eg": 2.1, "E_vg": 2.2}


def _nuisances(**fields: Any) -> Any:
    return nuisance_parameters(renp.Nuisances(**fields), RUNS, NU)


def _given(**arguments: Any) -> dict[str, Any]:
    return arguments


RIGHT: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (renp.Atom, _given(**_LEVELS, levels=(), spin_weights=(1.0, 1.0), states=())),
    (renp.Atom, _given(**_LEVELS, orbit=1.0, boost=0.0, waves=())),
    (renp.Atom.named, _given(name="Yb", approximation="papers")),
    (renp.Atom.read, _given(path="none.toml", approximation="papers")),
    (YB.refined, _given(polarisation="linear", spin=True, states=True)),
    (YB.boosted, _given(momentum=0.1)),
    (FULL.prepared, _given(M=0)),
    (Level, _given(label="a", wavenumber=1e4, J=1, source="b", verified=True, A=1.0, amplitude=1.0)),
    (spin_weights, _given(J_e=0, J_v=1, J_g=0)),
    (renp.Neutrinos, _given(lightest_mass=0.01, ordering="normal", nature="dirac", release="nufit-6.0")),
    (renp.Neutrinos, _given(lightest_mass=0.01, majorana_phases=(0, 0), sin2_theta12=0.3, delta_cp=1.0)),
    (renp.Neutrinos, _given(lightest_mass=0.01, sin2_theta13=0.02, dm2_21=7e-5, dm2_31=2e-3)),
    (renp.Target, _given(density=1e21, photon_density=1e21, volume=1.0, dynamical_factor=1.0, width=1.0)),
    (renp.Laser, _given(gaussian=0.0, lorentzian=0.0, offset=0.0)),
    (renp.Experiment, _given(**_RUNS, counts=[1], laser=renp.Laser(), efficiency=1.0)),
    (renp.Experiment, _given(**_RUNS, background=0.1, background_error=0.1, efficiency_error=0.1)),
    (renp.Experiment, _given(**_RUNS, control_ratio=1.0, control_counts=[3])),
    *(
        (kind, _given(elements={(1, 1): 1e-11}))
        for kind in (renp.MagneticMoment, renp.ElectricMoment, renp.Charge, renp.ChargeRadius, renp.Anapole)
    ),
    (renp.VectorMediator, _given(**_MEDIATOR, left={(1, 1): 1e-9}, right=np.eye(3))),
    (renp.ScalarMediator, _given(**_MEDIATOR, scalar={(1, 1): 1e-9}, pseudoscalar=np.eye(3))),
    (renp.Couplings, _given(V=np.eye(3), A=np.eye(3), s=np.eye(3), p=np.eye(3))),
    (renp.Couplings, _given(mu=np.eye(3), eps=np.eye(3), F=np.eye(3), G=np.eye(3))),
    (renp.Model, _given(interactions=(MOMENT,))),
    (_nuisances, _given(oscillation=(), free=(), normalisation_error=0.1, background_error=0.0)),
    (_nuisances, _given(background_degree=None, calibration_error=0.0, linewidth_error=0.0, common=())),
    (renp.Likelihood, _given(experiment=RUNS, neutrinos=NU, couplings={}, nuisances=renp.Nuisances())),
    (LIKELIHOOD.point, _given(mu=1e-11)),
    (LIKELIHOOD.truth, _given(values={"mu": 1e-11})),
    (LIKELIHOOD.expected, _given(x=LIKELIHOOD.point())),
    (renp.thresholds, _given(atom=YB, neutrinos=NU)),
    (renp.spectral_function, _PHOTON),
    (renp.differential_spectrum, _given(**_PHOTON, energy=0.5)),
    (renp.angular_spectrum, _given(**_PHOTON, cosine=0.5)),
    (renp.expected_counts, _given(experiment=RUNS, neutrinos=NU, model=MOMENT)),
    (renp.mass_grid, _given(experiment=RUNS, low=1e-3, high=1e5, points=10)),
    (renp.check_interaction, _given(interaction=MOMENT)),
    (Scenario.read, _given(path="none.toml")),
    (Scenario.from_text, _given(text=preset_text("letter"), file="a.toml")),
    (preset_text, _given(name="letter")),
    (Bounds.compute, _given(neutrinos=NU, model=MOMENT)),
]


def case(random: Random) -> tuple[Any, Callable[[], bool]]:
    """Return a call, and what makes it."""
    function, right = random.choice(RIGHT)
    names = random.choices(list(right), k=random.choice((1, 1, 2)))
    changed = {name: random.randrange(len(nasty())) for name in names}

    def call() -> bool:
        values = nasty()
        found = function(**{**right, **{name: values[k] for name, k in changed.items()}})
        for leaf in jax.tree.leaves(found) if function in (renp.thresholds, renp.spectral_function) else ():
            assert np.all(np.isfinite(np.asarray(leaf)))
        return True

    name = getattr(function, "__qualname__", str(function))
    return f"{name} with {', '.join(f'{key} = nasty()[{k}]' for key, k in changed.items())}", call
