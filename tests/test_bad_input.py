"""Wrong input through the Python interface is answered with one clear sentence; what is right passes."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import DAY
from relative import relative
from renp.compiled import compiled

NAN, INF = math.nan, math.inf
YB = renp.Atom.named("Yb")
DIRAC = renp.Neutrinos(0.01)
MAJORANA = renp.Neutrinos(0.01, nature="majorana")

Call = Callable[[], Any]


def matrix(**elements: complex) -> np.ndarray:
    """Return a 3×3 matrix from elements such as m12=1j."""
    result = np.zeros((3, 3), dtype=complex)
    for name, value in elements.items():
        result[int(name[1]) - 1, int(name[2]) - 1] = value
    return result


def spectrum(omega: Any = (1.068,), nu: Any = DIRAC, model: Any = None, atom: Any = YB) -> Any:
    return renp.spectral_function(omega, atom, nu, model)


def runs(energy: Any = (1.068, 1.069), duration: Any = DAY, **others: Any) -> renp.Experiment:
    return renp.Experiment(YB, renp.Target(), energy, duration, **others)


def vector(mass: Any = 1e3, electron: Any = 1e-8, **others: Any) -> renp.VectorMediator:
    return renp.VectorMediator(mass, electron, **{"left": 1e-9 * np.eye(3), **others})


def on_shell(omega: float) -> float:
    """Return the mass of a mediator whose pole is at ω."""
    return math.sqrt(YB.E_eg * (YB.E_eg - 2 * omega))


def wrong(id_: str, call: Call, start: str, allowed: str) -> Any:
    return pytest.param(call, start, allowed, id=id_)


ELEMENTS = [
    wrong(
        f"element-{key}",
        lambda key=key: renp.MagneticMoment({key: 1e-11}),
        f"MagneticMoment element = {key!r}",
        "a pair (i, j) with i and j from 1 to 3",
    )
    for key in [(0, 4), (1, 0), (4, 1), (1,), (1, 2, 3), (1.0, 2), "11", 11, ("1", "2")]
]

MATRICES = [
    wrong(
        "element-nan",
        lambda: renp.MagneticMoment({(1, 2): NAN}),
        "MagneticMoment[1, 2] = nan",
        "a finite number",
    ),
    wrong("element-inf", lambda: renp.Charge({(3, 3): INF}), "Charge[3, 3] = inf", "a finite number"),
    wrong(
        "element-text",
        lambda: renp.ElectricMoment({(1, 1): "3e-11"}),
        "ElectricMoment[1, 1] = '3e-11'",
        "a finite number",
    ),
    wrong("element-none", lambda: renp.Anapole({(1, 1): None}), "Anapole[1, 1] = None", "a finite number"),
    wrong(
        "element-list", lambda: renp.Anapole({(1, 1): [1, 2]}), "Anapole[1, 1] = [1, 2]", "a finite number"
    ),
    wrong(
        "matrix-nan",
        lambda: renp.MagneticMoment(np.diag([1e-11, NAN, 0])),
        "MagneticMoment[2, 2] = ",
        "finite",
    ),
    wrong("moment-a-number", lambda: renp.MagneticMoment(3e-11), "MagneticMoment = 3e-11", "a 3×3 matrix"),
    wrong("moment-text", lambda: renp.MagneticMoment("11"), "MagneticMoment = '11'", "a 3×3 matrix"),
    wrong(
        "moment-2x2",
        lambda: renp.MagneticMoment(np.eye(2)),
        "MagneticMoment = an array of shape (2, 2)",
        "a 3×3 matrix",
    ),
    wrong(
        "moment-ragged",
        lambda: renp.MagneticMoment([[1, 2], [3]]),
        "MagneticMoment = [[1, 2], [3]]",
        "a 3×3 matrix of numbers",
    ),
    wrong(
        "moment-without-symmetry",
        lambda: renp.MagneticMoment(matrix(m12=1, m21=2)),
        "MagneticMoment[1, 2] = 1+0j beside MagneticMoment[2, 1] = 2+0j",
        "part of a matrix that is hermitian or antisymmetric",
    ),
    wrong(
        "dict-without-symmetry",
        lambda: renp.ElectricMoment({(1, 3): 1, (3, 1): 2}),
        "ElectricMoment[1, 3] = 1+0j beside ElectricMoment[3, 1] = 2+0j",
        "part of a matrix that is hermitian or antisymmetric",
    ),
    wrong(
        "anapole-without-symmetry",
        lambda: renp.Anapole(matrix(m23=1, m32=-1)),
        "Anapole[2, 3] = 1+0j beside Anapole[3, 2] = -1+0j",
        "part of a matrix that is hermitian or symmetric",
    ),
    wrong(
        "left-not-hermitian",
        lambda: vector(left=matrix(m12=1j, m21=1j)),
        "left[1, 2] = 0+1j beside left[2, 1] = 0+1j",
        "part of a matrix that is hermitian",
    ),
    wrong(
        "right-not-hermitian",
        lambda: vector(right={(1, 2): 1, (2, 1): 2}),
        "right[1, 2] = 1+0j beside right[2, 1] = 2+0j",
        "part of a matrix that is hermitian",
    ),
    wrong(
        "scalar-not-hermitian",
        lambda: renp.ScalarMediator(1e3, 1e-5, scalar=matrix(m13=1, m31=2)),
        "scalar[1, 3] = 1+0j beside scalar[3, 1] = 2+0j",
        "part of a matrix that is hermitian",
    ),
    wrong(
        "pseudoscalar-not-hermitian",
        lambda: renp.ScalarMediator(1e3, 1e-5, pseudoscalar={(2, 3): 1, (3, 2): 1.1}),
        "pseudoscalar[2, 3] = 1+0j beside pseudoscalar[3, 2] = 1.1+0j",
        "part of a matrix that is hermitian",
    ),
    wrong("left-imaginary-diagonal", lambda: vector(left={(1, 1): 1j}), "left[1, 1] = 0+1j", "hermitian"),
    wrong("left-element", lambda: vector(left={(0, 1): 1}), "left element = (0, 1)", "i and j from 1 to 3"),
    wrong(
        "couplings-shape", lambda: renp.Couplings(V=np.eye(2)), "V = an array of shape (2, 2)", "a 3×3 matrix"
    ),
    wrong(
        "couplings-vector", lambda: renp.Couplings(s=[1, 2, 3]), "s = an array of shape (3,)", "a 3×3 matrix"
    ),
    wrong("couplings-number", lambda: renp.Couplings(A=0.5), "A = 0.5", "a 3×3 matrix"),
    wrong("couplings-inf", lambda: renp.Couplings(G=np.diag([1, 2, INF])), "G[3, 3] = (inf+0j)", "finite"),
    wrong("couplings-nan", lambda: renp.Couplings(mu=matrix(m21=NAN)), "mu[2, 1] = (nan+0j)", "finite"),
    wrong(
        "couplings-text",
        lambda: renp.Couplings(F=[["a", 0, 0], [0, 0, 0], [0, 0, 0]]),
        "F = [['a', 0, 0]",
        "a 3×3 matrix of numbers",
    ),
]

NATURE = [
    *(
        wrong(
            f"majorana-diagonal-{kind.__name__}",
            lambda kind=kind: spectrum(nu=MAJORANA, model=renp.Weak() + kind({(2, 2): 1e-11})),
            f"{kind.__name__}[2, 2] = 1e-11",
            "left out: a Majorana neutrino has no diagonal element",
        )
        for kind in (renp.MagneticMoment, renp.ElectricMoment, renp.Charge, renp.ChargeRadius)
    ),
    wrong(
        "majorana-diagonal-matrix",
        lambda: spectrum(nu=MAJORANA, model=renp.MagneticMoment(np.diag([0, 0, 2e-11]))),
        "MagneticMoment[3, 3] = 2e-11",
        "left out: a Majorana neutrino has no diagonal element",
    ),
    wrong(
        "majorana-in-counts",
        lambda: renp.expected_counts(runs(), MAJORANA, renp.MagneticMoment({(1, 1): 1e-11})),
        "MagneticMoment[1, 1] = 1e-11",
        "left out: a Majorana neutrino has no diagonal element",
    ),
    wrong(
        "majorana-symmetric-moment",
        lambda: spectrum(nu=MAJORANA, model=renp.MagneticMoment(matrix(m12=1e-11, m21=1e-11))),
        "MagneticMoment[1, 2] = 1e-11",
        "antisymmetric for Majorana neutrinos",
    ),
    wrong(
        "majorana-antisymmetric-anapole",
        lambda: spectrum(nu=MAJORANA, model=renp.Anapole(matrix(m12=1e-32j, m21=-1e-32j))),
        "Anapole[1, 2] = 0+1e-32j",
        "symmetric for Majorana neutrinos",
    ),
    wrong(
        "dirac-antisymmetric-moment",
        lambda: spectrum(model=renp.MagneticMoment(matrix(m12=1e-11, m21=-1e-11))),
        "MagneticMoment[1, 2] = 1e-11",
        "hermitian for Dirac neutrinos",
    ),
    wrong(
        "dirac-imaginary-diagonal",
        lambda: spectrum(model=renp.MagneticMoment({(1, 1): 1e-11j})),
        "MagneticMoment[1, 1] = ",
        "hermitian for Dirac neutrinos",
    ),
]

ENERGY = "a photon energy in eV, at least 0 and below the atom's E_vg = 2.2307"
OMEGA = [
    wrong("omega-at-E_vg", lambda: spectrum(YB.E_vg), f"omega = {YB.E_vg}", ENERGY),
    wrong("omega-above-E_vg", lambda: spectrum(3.0), "omega = 3.0", ENERGY),
    wrong("omega-negative", lambda: spectrum(-0.1), "omega = -0.1", ENERGY),
    wrong("omega-nan", lambda: spectrum(NAN), "omega = nan", ENERGY),
    wrong("omega-inf", lambda: spectrum(INF), "omega = inf", ENERGY),
    wrong("omega-in-list", lambda: spectrum([1.0, -0.1, NAN]), "omega[1] = -0.1", ENERGY),
    wrong("omega-in-array", lambda: spectrum([[1.0, 1.1], [NAN, 1.0]]), "omega[1, 0] = nan", ENERGY),
    wrong("omega-jax-array", lambda: spectrum(jnp.array([1.0, 9.0])), "omega[1] = 9.0", ENERGY),
    wrong("omega-unit", lambda: spectrum("1157 nm"), "omega = '1157 nm'", "photon energies in eV"),
    wrong("omega-digits-as-text", lambda: spectrum("1.068"), "omega = '1.068'", "photon energies in eV"),
    wrong("omega-none", lambda: spectrum(None), "omega = None", "photon energies in eV"),
    wrong("omega-complex", lambda: spectrum(1j), "omega = 1j", "photon energies in eV"),
    wrong("omega-complex-array", lambda: spectrum(np.array([1 + 1j])), "omega", "photon energies in eV"),
    wrong("omega-ragged", lambda: spectrum([[1.0], [1.0, 2.0]]), "omega = [[1.0], ", "photon energies in eV"),
]

KINDS_OF_ARGUMENT = [
    wrong("atom-text", lambda: spectrum(atom="Yb"), "atom = 'Yb'", "Atom"),
    wrong("neutrinos-a-mass", lambda: spectrum(nu=0.01), "neutrinos = 0.01", "Neutrinos"),
    wrong("model-text", lambda: spectrum(model="weak"), "model = 'weak'", "nteraction"),
    wrong("model-dict", lambda: spectrum(model={(1, 1): 1e-11}), "model = {(1, 1): 1e-11}", "nteraction"),
    wrong("exchanged", lambda: renp.thresholds(DIRAC, YB), "atom = ", "Atom"),
    wrong("experiment-atom", lambda: renp.Experiment("Yb", renp.Target(), [1.0], DAY), "atom = 'Yb'", "Atom"),
    wrong("experiment-target", lambda: renp.Experiment(YB, None, [1.0], DAY), "target = None", "Target"),
]

NUMBERS = [
    *(
        wrong(
            f"lightest_mass-{name}",
            lambda value=value: renp.Neutrinos(value),
            f"lightest_mass = {text}",
            "a finite mass in eV, at least 0",
        )
        for name, value, text in [
            ("negative", -0.1, "-0.1"),
            ("nan", NAN, "nan"),
            ("inf", INF, "inf"),
            ("text", "0.01 eV", "'0.01 eV'"),
            ("list", [0.01], "[0.01]"),
            ("array", np.array([0.01, 0.02]), "array([0.01, 0.02])"),
            ("none", None, "None"),
            ("bool", True, "True"),
            ("complex", 0.01j, "0.01j"),
            ("jax", jnp.array(-0.01), "-0.01"),
        ]
    ),
    *(
        wrong(
            f"{key}-{value}",
            lambda key=key, value=value: renp.Neutrinos(0.01, **{key: value}),
            f"{key} = {value}",
            "the sin² of an angle, between 0 and 1",
        )
        for key, value in [("sin2_theta12", 1.2), ("sin2_theta13", -0.1), ("sin2_theta23", 49.1)]
    ),
    wrong(
        "delta_cp-degrees",
        lambda: renp.Neutrinos(0.01, delta_cp=212),
        "delta_cp = 212",
        "an angle in radians, between -2π and 2π",
    ),
    *(
        wrong(
            f"majorana_phases-{name}",
            lambda value=value: renp.Neutrinos(0.01, majorana_phases=value),
            f"majorana_phases = {text}",
            "two angles in radians (α_21, α_31)",
        )
        for name, value, text in [
            ("one", (0.1,), "(0.1,)"),
            ("three", (0.1, 0, 0), "(0.1, 0, 0)"),
            ("number", 0.1, "0.1"),
            ("nan", (0.1, NAN), "nan"),
            ("degrees", (0.1, 180), "180"),
        ]
    ),
    wrong(
        "dm2_31-inverted",
        lambda: renp.Neutrinos(0.01, ordering="inverted", dm2_31=2.5e-3),
        "dm2_31 = 0.0025",
        "left out: inverted ordering is described by dm2_32",
    ),
    wrong(
        "dm2_32-normal",
        lambda: renp.Neutrinos(0.01, dm2_32=-2.5e-3),
        "dm2_32 = -0.0025",
        "left out: normal ordering is described by dm2_31",
    ),
    wrong("dm2_31-negative", lambda: renp.Neutrinos(0.01, dm2_31=-2.5e-3), "dm2_31 = -0.0025", "above 0"),
    wrong("dm2_31-below-dm2_21", lambda: renp.Neutrinos(0.01, dm2_31=1e-6), "dm2_31 = 1e-06", "dm2_21"),
    wrong("dm2_31-nan", lambda: renp.Neutrinos(0.01, dm2_31=NAN), "dm2_31 = nan", "above 0"),
    wrong(
        "dm2_32-positive",
        lambda: renp.Neutrinos(0.01, ordering="inverted", dm2_32=2.5e-3),
        "dm2_32 = 0.0025",
        "below 0 for inverted ordering",
    ),
    wrong(
        "dm2_32-within-dm2_21",
        lambda: renp.Neutrinos(0.01, ordering="inverted", dm2_32=-1e-6),
        "dm2_32 = -1e-06",
        "below −dm2_21 = -7.49e-05 eV²",
    ),
    wrong("dm2_21-negative", lambda: renp.Neutrinos(0.01, dm2_21=-7e-5), "dm2_21 = -7e-05", "above 0"),
    wrong("dm2_21-zero", lambda: renp.Neutrinos(0.01, dm2_21=0), "dm2_21 = 0", "above 0"),
    wrong("mediator-mass", lambda: vector(-1.0), "mass = -1.0", "a mass in eV, at least 0"),
    wrong(
        "mediator-mass-nan", lambda: renp.ScalarMediator(NAN, 1e-5), "mass = nan", "a mass in eV, at least 0"
    ),
    wrong("mediator-mass-text", lambda: vector("1 keV"), "mass = '1 keV'", "a mass in eV, at least 0"),
    wrong("mediator-width", lambda: vector(width=-1), "width = -1.0", "a width in eV, at least 0"),
    wrong("mediator-electron", lambda: vector(1.0, NAN), "electron = nan", "a finite coupling"),
    wrong("mediator-electron-complex", lambda: vector(1.0, 1e-8j), "electron = 1e-08j", "a finite coupling"),
    wrong("atom-E_eg", lambda: renp.Atom("X", -1.0, 2.0), "E_eg = -1.0", "a finite energy in eV above 0"),
    wrong("atom-wavenumber", lambda: renp.Atom("X", 17288.4, 17992.0), "E_eg = 17288.4", "8065.54/cm"),
    wrong("omega-nm", lambda: spectrum(1157.0), "omega = 1157.0", "in nm is 1239.842 eV over it"),
    wrong("atom-E_vg-text", lambda: renp.Atom("X", 1.0, "2 eV"), "E_vg = '2 eV'", "a finite energy in eV"),
    wrong("atom-levels-equal", lambda: renp.Atom("X", 1.0, 1.0), "E_vg = 1.0", "above E_eg = 1.0 eV"),
]

CHOICES = [
    wrong("atom", lambda: renp.Atom.named("Ybb"), "name = 'Ybb'", "(did you mean 'Yb'?)"),
    wrong("atom-case", lambda: renp.Atom.named("yb"), "name = 'yb'", "(did you mean 'Yb'?)"),
    wrong("atom-far", lambda: renp.Atom.named("Zz"), "name = 'Zz'", "'Yb' or 'Xe' or 'Hg'"),
    wrong(
        "ordering",
        lambda: renp.Neutrinos(0.01, ordering="nomal"),
        "ordering = 'nomal'",
        "'normal' or 'inverted' (did you mean 'normal'?)",
    ),
    wrong(
        "nature",
        lambda: renp.Neutrinos(0.01, nature="Dirac"),
        "nature = 'Dirac'",
        "'dirac' or 'majorana' (did you mean 'dirac'?)",
    ),
    wrong(
        "release",
        lambda: renp.Neutrinos(0.01, release="nufit-6.1"),
        "release = 'nufit-6.1'",
        "(did you mean 'nufit-6.0'?)",
    ),
    wrong(
        "basis",
        lambda: vector(basis="flavor"),
        "basis = 'flavor'",
        "'mass' or 'flavour' (did you mean 'flavour'?)",
    ),
]

EXPERIMENT = [
    *(
        wrong(
            f"{key}-{value}",
            lambda key=key, value=value: renp.Target(**{key: value}),
            f"{key} = {value!r}",
            allowed,
        )
        for key, value, allowed in [
            ("density", -1.0, "a number density in 1/cm³ above 0"),
            ("density", 0.0, "a number density in 1/cm³ above 0"),
            ("photon_density", NAN, "a number density in 1/cm³ above 0"),
            ("volume", INF, "a volume in cm³ above 0"),
            ("volume", "100 cm^3", "a volume in cm³ above 0"),
            ("volume", [100.0], "a volume in cm³ above 0"),
        ]
    ),
    wrong("photon_energy", lambda: runs([1.068, 3.0]), "photon_energy[1] = 3.0", "below the atom's E_vg"),
    wrong("photon_energy-table", lambda: runs([[1.068, 1.069]]), "photon_energy", "one for each run"),
    wrong("duration-negative", lambda: runs(duration=-1), "duration = -1.0", "a time in s, at least 0"),
    wrong(
        "duration-in-list", lambda: runs(duration=[1, -2]), "duration[1] = -2.0", "a time in s, at least 0"
    ),
    wrong("duration-nan", lambda: runs(duration=NAN), "duration = nan", "a time in s, at least 0"),
    wrong("duration-text", lambda: runs(duration="10 day"), "duration = '10 day'", "a time in s"),
    wrong("duration-digits-as-text", lambda: runs(duration="864000"), "duration = '864000'", "a time in s"),
    wrong("duration-none", lambda: runs(duration=None), "duration = None", "a time in s"),
    wrong("duration-complex", lambda: runs(duration=np.array([1j, 1j])), "duration", "a time in s"),
    wrong(
        "duration-length",
        lambda: runs(duration=[1, 2, 3]),
        "duration = 3 values",
        "one value, or one for each of 2 runs",
    ),
    wrong(
        "duration-column",
        lambda: runs(duration=[[1.0], [2.0]]),
        "duration = an array of shape (2, 1)",
        "one value, or one for each of 2 runs",
    ),
    wrong("background", lambda: runs(background=-0.1), "background = -0.1", "a rate in 1/s, at least 0"),
    wrong(
        "background-length",
        lambda: runs(background=[0.1]),
        "background = 1 values",
        "one value, or one for each of 2 runs",
    ),
    wrong(
        "counts-negative", lambda: runs(counts=[1, -3]), "counts[1] = -3", "a number of counts, at least 0"
    ),
    wrong("counts-nan", lambda: runs(counts=[NAN, 1]), "counts[0] = nan", "a number of counts, at least 0"),
    wrong("counts-length", lambda: runs(counts=[1]), "counts = 1 values", "one for each of 2 runs"),
]

LEVEL = "a probability above 0 and below 1"
LIMITS = [
    *(
        wrong(
            f"confidence_level-{value}",
            lambda value=value: renp.upper_limits(runs(), DIRAC, value),
            f"confidence_level = {value!r}",
            LEVEL,
        )
        for value in (0.0, 1.0, 1.5, -0.9, 90.0, NAN, "0.9")
    ),
    wrong(
        "counts-beyond-the-thresholds",
        lambda: renp.upper_limits(runs([1.068, 1.08], counts=[100, 3]), DIRAC),
        "counts[1] = 3.0",
        "0, since at 1.08 eV no pair can be emitted and no background is expected",
    ),
    wrong(
        "counts-in-no-time",
        lambda: renp.upper_limits(runs(duration=[DAY, 0.0], counts=[100, 3]), DIRAC),
        "counts[1] = 3.0",
        "duration",
    ),
]


@pytest.mark.parametrize(
    ("call", "start", "allowed"),
    [
        *ELEMENTS,
        *MATRICES,
        *NATURE,
        *OMEGA,
        *KINDS_OF_ARGUMENT,
        *NUMBERS,
        *CHOICES,
        *EXPERIMENT,
        *LIMITS,
    ],
)
def test_wrong_input_is_named_with_what_is_allowed(call: Call, start: str, allowed: str) -> None:
    with pytest.raises(renp.InputError) as caught:
        call()
    message = str(caught.value)
    before, after = message.split(": must be ", 1)
    assert before.startswith(start)
    assert allowed in after
    assert "\n" not in message


@pytest.mark.parametrize("omega", [1.0, 1.02, 1.04, 1.05, 1.068])
@pytest.mark.parametrize(
    "model",
    [lambda x: x, lambda x: 2.0 * x, lambda x: renp.Weak() + 0.5 * x],
    ids=["alone", "scaled", "added"],
)
def test_photon_energy_on_a_pole_is_an_error(model: Any, omega: float) -> None:
    with pytest.raises(renp.InputError, match=r"^omega = .*: must be away from the mediator's pole at"):
        spectrum([omega], model=model(vector(on_shell(omega))))


def test_a_photon_energy_beside_a_pole_is_none_of_its_own() -> None:
    """q² is off by a part in 10¹² and a quarter, some thousand times what a double can tell apart."""
    mass = on_shell(1.05)
    for part, right in ((0.75e-12, False), (1.25e-12, True)):
        beside = 1.05 - part * mass**2 / (2 * YB.E_eg)
        if right:
            assert np.isfinite(spectrum([beside], model=vector(mass))[0])
            continue
        with pytest.raises(renp.InputError, match=r"away from the mediator's pole"):
            spectrum([beside], model=vector(mass))


def test_a_boost_moves_a_pole() -> None:
    """To where (E_eg − p)(E_eg + p − 2ω) is m²."""
    boosted = YB.boosted(0.1)
    mass = math.sqrt((YB.E_eg - 0.1) * (YB.E_eg + 0.1 - 2 * 1.05))
    with pytest.raises(renp.InputError, match=r"pole at 1\.05\d* eV"):
        spectrum([1.05], atom=boosted, model=vector(mass))


def test_a_pole_is_where_the_light_is_and_not_where_it_should_be() -> None:
    on, off = on_shell(1.05), renp.Laser(offset=1e-4)
    with pytest.raises(renp.InputError, match=r"pole at 1\.05 eV"):
        renp.spectral_function([1.05 - 1e-4], YB, DIRAC, vector(on), laser=off)
    assert np.isfinite(renp.spectral_function([1.05], YB, DIRAC, vector(on), laser=off)[0])


@pytest.mark.parametrize("distance", [2e-6, 4e-5])
def test_a_pole_under_a_wide_line_is_a_warning(distance: float) -> None:
    """The average over the line is infinite, whatever the quadrature says."""
    with pytest.warns(renp.PoleWarning, match=r"on shell at ω = 1\.05 eV"):
        renp.spectral_function([1.05 - distance], YB, DIRAC, vector(on_shell(1.05)), laser=renp.Laser(1e-5))


def test_pole_inside_the_scan_is_a_warning() -> None:
    with pytest.warns(renp.PoleWarning, match=r"mass 0\.470996 eV is on shell at ω = 1\.02 eV, inside"):
        spectrum([1.0, 1.05], model=vector(on_shell(1.02)))


def test_couplings_that_overflow_are_an_error() -> None:
    with pytest.raises(FloatingPointError, match="overflows: an input is far too large"):
        spectrum(model=renp.Weak() + renp.MagneticMoment({(1, 1): 1e160}))


@pytest.mark.parametrize("other", [3, "magnetic", None, {(1, 1): 1e-11}], ids=repr)
def test_only_interactions_add(other: Any) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        renp.Weak() + other


@pytest.mark.parametrize("given", [iter([renp.Weak()]), (one for one in [renp.Weak()]), [renp.Weak(), 3], 2])
def test_a_model_is_of_a_list_of_interactions(given: Any) -> None:
    with pytest.raises(renp.InputError, match=r"interactions(\[1\])? = .*must be an? "):
        renp.Model(given)


@pytest.mark.parametrize(
    "place", [lambda x: x, lambda x: [[0.0, x, 0.0], [0.0] * 3, [0.0] * 3], lambda x: {(1, 1): x}]
)
def test_a_matrix_is_not_nested_deeply(place: Any) -> None:
    deep: Any = 1.0
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(renp.InputError, match="not nested so deeply"):
        renp.MagneticMoment(place(deep))


@pytest.mark.parametrize("seed", [10**23, 2**63, -1, 1.5, "a", True, None], ids=repr)
def test_a_seed_is_a_whole_number_that_fits(seed: Any) -> None:
    runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * DAY)
    likelihood = renp.Likelihood(runs, DIRAC, couplings={"mu": renp.MagneticMoment({(1, 1): 1.0})})
    for draw in (
        lambda: renp.throw_toys(likelihood, toys=2, seed=seed),
        lambda: renp.upper_limits(runs, DIRAC, seed=seed),
        lambda: renp.measure_coverage(likelihood, "mu", (0.0,), seed=seed),
        lambda: renp.sensitivity(runs, DIRAC, "exposure", [1e6, 2e6], seed=seed),
    ):
        with pytest.raises(renp.InputError, match="seed = "):
            draw()


def test_single_precision_is_said_where_it_was_switched_on() -> None:
    """Not computed with 7 digits, even if JAX was set so after the package was loaded."""
    with jax.enable_x64(False), pytest.raises(renp.InputError, match="jax_enable_x64 = False"):
        renp.spectral_function(1.068, renp.Atom.named("Yb"), DIRAC)


def test_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match=r"^module 'renp' has no attribute 'Wek'$"):
        renp.Wek  # noqa: B018


def test_input_errors_are_value_errors() -> None:
    assert issubclass(renp.InputError, ValueError)


# What is near these edges and not wrong


def test_angles_may_go_round_once() -> None:
    """δ within ±2π, and the Majorana phases, of which half enters, within ±4π."""
    for sign in (1, -1):
        nu = renp.Neutrinos(0.01, nature="majorana", delta_cp=sign * 6.28, majorana_phases=(sign * 12.56, 0))
        assert nu.majorana_phases == (sign * 12.56, 0)


@pytest.mark.parametrize("mass", [0.0, on_shell(1.02)], ids=["massless", "pole-outside"])
def test_no_warning_without_a_pole_inside(mass: float) -> None:
    assert spectrum([1.068], model=vector(mass))[0] > 0


def test_no_warning_with_a_width() -> None:
    assert np.all(np.isfinite(spectrum([1.0, 1.05], model=vector(on_shell(1.02), width=1e-6))))


@pytest.mark.parametrize("mass", [0.0, 1e-3])
def test_no_warning_for_mediators_too_light_to_decay(mass: float) -> None:
    """Below q² = (2 m_1)² no pair is emitted, so that nothing diverges there."""
    assert spectrum([1.0, 1.08], model=vector(mass))[1] == 0


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize(
    "value", [0.0, 0, np.float64(0), jnp.array(0.0)], ids=["float", "int", "numpy", "jax"]
)
def test_zero_mass(value: Any, ordering: str) -> None:
    assert float(jnp.min(renp.Neutrinos(value, ordering=ordering).masses)) == 0


def test_zero_photon_energy() -> None:
    assert spectrum([0.0])[0] > 0


def test_photon_energy_just_below_the_level() -> None:
    assert spectrum([np.nextafter(YB.E_vg, 0)])[0] == 0


def test_no_photon_energies() -> None:
    assert spectrum([]).shape == (0,)


@pytest.mark.parametrize("nu", [DIRAC, renp.Neutrinos(0.0)], ids=["massive", "massless"])
def test_spectrum_at_the_exact_thresholds(nu: renp.Neutrinos) -> None:
    at, below = (np.asarray(spectrum(edge, nu)) for edge in _edges(nu))
    assert np.all((at >= 0) & (at <= below))


def _edges(nu: renp.Neutrinos) -> tuple[np.ndarray, np.ndarray]:
    edges = np.unique(np.asarray(renp.thresholds(YB, nu)))
    return edges, edges - 1e-9


def test_hermitian_within_rounding() -> None:
    noisy = matrix(m12=1e-11 + 2e-11j, m21=1e-11 * (1 + 1e-15) - 2e-11j)
    assert spectrum(model=renp.MagneticMoment(noisy))[0] == relative(
        float(spectrum(model=renp.MagneticMoment({(1, 2): 1e-11 + 2e-11j}))[0]), rel=1e-12
    )


@pytest.mark.parametrize(
    ("nu", "model"),
    [
        pytest.param(DIRAC, renp.MagneticMoment({(1, 2): 1e-11j, (2, 1): -1e-11j}), id="hermitian-dict"),
        pytest.param(DIRAC, renp.MagneticMoment({(np.int64(1), np.int32(2)): 1e-11}), id="numpy-indices"),
        pytest.param(MAJORANA, renp.MagneticMoment(matrix(m12=1e-11, m21=-1e-11)), id="antisymmetric"),
        pytest.param(MAJORANA, renp.MagneticMoment({(2, 1): 1e-11, (1, 1): 0.0}), id="zero-diagonal"),
        pytest.param(MAJORANA, renp.Anapole({(1, 1): 1e-30}), id="diagonal-anapole"),
    ],
)
def test_matrices_with_the_right_symmetry(nu: renp.Neutrinos, model: renp.Interaction) -> None:
    assert spectrum(nu=nu, model=model)[0] > 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"delta_cp": 2 * math.pi},
        {"delta_cp": -2 * math.pi},
        {"sin2_theta12": 0, "sin2_theta13": 0, "sin2_theta23": 1},
        {"majorana_phases": [0.1, 0.2]},
        {"majorana_phases": np.array([0.1, 0.2])},
        {"majorana_phases": jnp.array([0.1, 0.2])},
    ],
    ids=["2π", "-2π", "sin2-ends", "phases-list", "phases-numpy", "phases-jax"],
)
def test_parameters_at_the_ends_of_their_ranges(parameters: dict[str, Any]) -> None:
    U = renp.Neutrinos(0.01, nature="majorana", **parameters).mixing_matrix
    assert np.allclose(U @ U.conj().T, np.eye(3), atol=1e-14)


@pytest.mark.slow
def test_runs_without_time_or_counts() -> None:
    idle = runs(duration=0, background=0, counts=[0, 0])
    assert renp.upper_limits(idle, DIRAC).limits["magnetic-moment"]["11"] == INF


@pytest.mark.slow
def test_no_counts_where_nothing_is_possible() -> None:
    possible = renp.upper_limits(runs([1.068, 1.08], counts=[11, 0]), DIRAC)
    assert 0 < possible.limits["magnetic-moment"]["11"] < 1e-9


@pytest.mark.parametrize("value", [1e-3, 0.5, 1 - 1e-15])
def test_confidence_levels_inside_the_range(value: float) -> None:
    assert 0 < renp.upper_limits(runs(), DIRAC, value).limits["magnetic-moment"]["11"] < INF


TRACED: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("mass", lambda x: spectrum(nu=renp.Neutrinos(x)), 0.01),
    ("splitting", lambda x: spectrum(nu=renp.Neutrinos(0.01, ordering="inverted", dm2_32=x)), -2.5e-3),
    ("phases", lambda x: spectrum(nu=renp.Neutrinos(0.01, nature="majorana", majorana_phases=x)), [0.1, 0.2]),
    ("omega", lambda x: spectrum(x), [1.068]),
    ("element", lambda x: spectrum(model=renp.MagneticMoment({(1, 1): x})), 1e-11),
    ("matrix", lambda x: spectrum(model=renp.MagneticMoment(x)), 1e-11 * np.eye(3)),
    ("mediator", lambda x: spectrum(model=vector(x, x * 1e-11, width=x)), 1e3),
    ("couplings", lambda x: spectrum(model=renp.Couplings(V=x)), np.eye(3)),
    ("atom", lambda x: spectrum(atom=renp.Atom("X", x, x + 0.1)), 2.14),
    ("runs", lambda x: renp.expected_counts(runs([1.068], x, background=x, counts=x), DIRAC), 10.0),
    ("target", lambda x: renp.Target(x, x, x).reference_width, 10.0),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("call", "value"), [t[1:] for t in TRACED], ids=[t[0] for t in TRACED])
def test_traced_values_pass(call: Callable[[Any], Any], value: Any) -> None:
    value = jnp.asarray(value)
    np.testing.assert_allclose(jax.jit(call)(value), call(value), rtol=1e-10)


def test_traced_values_are_not_judged() -> None:
    assert np.isnan(jax.jit(lambda x: spectrum(nu=renp.Neutrinos(x)))(NAN)).all()


def test_a_warning_is_not_an_error_by_default() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert np.all(np.isfinite(spectrum([1.0, 1.05], model=vector(on_shell(1.02)))))
    assert [w.category for w in seen] == [renp.PoleWarning]


def test_an_error_of_a_compiled_function_is_its_own_and_comes_once() -> None:
    calls = []

    @compiled
    def fails(x: Any) -> Any:
        calls.append(x)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fails(1.0)
    assert len(calls) == 1
