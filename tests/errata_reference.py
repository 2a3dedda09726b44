"""What explicit spinors, or plain arithmetic, say of each erratum; shares no formula with the package."""

from collections.abc import Callable

import numpy as np
import scipy.constants
from scipy import optimize

from oracles import atom as states
from oracles import spinors
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.papers import errata

CONSTANTS = {"g_fermi": FERMI_CONSTANT, "bohr_magneton": BOHR_MAGNETON}


def total(nature: str, omega: float = errata.OMEGA, **couplings: np.ndarray) -> float:
    """Return I(ω) from spinors, for the matrices of a Lagrangian without a factor 1/2."""
    masses = np.asarray(errata.neutrinos(nature).masses)
    pairs = spinors.spectrum(
        errata.YB.E_eg, errata.YB.E_vg, omega, masses, couplings, nature == "majorana", **CONSTANTS
    )
    return float(pairs.sum())


def weak(nature: str) -> np.ndarray:
    U = np.asarray(errata.neutrinos(nature).mixing_matrix)
    return np.outer(U[0], U[0].conj()) - np.eye(3) / 2


def with_vector(nature: str) -> float:
    given = errata.VECTOR
    q2 = errata.YB.E_eg * (errata.YB.E_eg - 2 * errata.OMEGA)
    kappa = given["electron"] / (np.sqrt(2) * FERMI_CONSTANT * (q2 - given["mass"] ** 2))
    a_L, a_R = weak(nature) + kappa * given["left"], kappa * given["right"]
    return total(nature, V=(a_L + a_R) / 2, A=(a_R - a_L) / 2)


def with_scalar(nature: str, electron: float, y_S: np.ndarray, y_P: np.ndarray) -> float:
    """Return I with a scalar mediator; its Lagrangian has a factor 1/2 for Majorana neutrinos."""
    q2 = errata.YB.E_eg * (errata.YB.E_eg - 2 * errata.OMEGA)
    m_e = scipy.constants.value("electron mass energy equivalent in MeV") * 1e6
    half = 0.5 if nature == "majorana" else 1.0
    rate = half * electron / (2 * np.sqrt(2) * FERMI_CONSTANT * m_e * (q2 - errata.SCALAR["mass"] ** 2))
    a = weak(nature)
    return total(nature, V=a / 2, A=-a / 2, s=1j * rate * y_S, p=-rate * y_P)


def majorana_over_dirac() -> float:
    """Return the ratio of squared amplitudes of the pair (1, 2), with the factor 1/2 of L(10)."""
    m = [float(x) for x in errata.neutrinos().masses]
    args = (errata.YB.E_eg, errata.OMEGA, m[0], m[1])
    dirac = spinors.strengths(*args, {"mu": 1e-17}, **CONSTANTS)[0]
    majorana = spinors.strengths(*args, {"mu": 0.5e-17}, {"mu": -0.5e-17}, **CONSTANTS)[0]
    return majorana / dirac


def limit_on_33() -> float:
    """Return the worst of the letter's limits for 100 days, by SciPy's root finder."""
    energies = [1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
    scale = 0.002 * 100 * 86400
    a, element = weak("dirac"), np.diag([0, 0, BOHR_MAGNETON])
    standard = scale * np.array([total("dirac", w, V=a / 2, A=-a / 2) for w in energies])
    signal = scale * np.array([total("dirac", w, mu=element) for w in energies])

    def rise(t: float) -> float:
        counts = standard + t * 1e-22 * signal
        return float(2 * np.sum(counts - standard + standard * np.log(standard / counts)) - 2.705543454095404)

    return float(np.sqrt(optimize.brentq(rise, 0.01, 100, xtol=1e-13) * 1e-22))


def counts(omega: float, days: float) -> float:
    a = weak("dirac")
    return 0.002 * days * 86400 * total("dirac", omega, V=a / 2, A=-a / 2)


def interference() -> float:
    given, none = errata.SCALAR, np.zeros((3, 3))
    up, down = (
        with_scalar("dirac", sign * given["electron"], none, given["pseudoscalar"]) for sign in (1, -1)
    )
    return (up - down) / 2


def standard(nature: str) -> float:
    a = weak(nature)
    return total(nature, V=a / 2, A=-a / 2)


def spontaneous_rate() -> float:
    g_fermi = scipy.constants.value("Fermi coupling constant") * 1e-18
    return (
        g_fermi**2 * 2.14349**5 / (15 * np.pi**3) / scipy.constants.value("reduced Planck constant in eV s")
    )


def moment(light: str, *, weak_too: bool, both_orders: bool) -> float:
    """Return I(ω) with μ_33, from the states of two electrons."""
    atom = states.mixed(0, errata.YB.E_eg, [errata.YB.E_vg], orbit=False, both_orders=both_orders)
    couplings = {"mu": np.diag([0, 0, 3e-11 * BOHR_MAGNETON])}
    if weak_too:
        couplings |= {"V": weak("dirac") / 2, "A": -weak("dirac") / 2}
    masses = [float(m) for m in np.asarray(errata.neutrinos().masses)]
    return float(states.spectrum(atom, errata.OMEGA, masses, couplings, light=light).sum())


MU = np.diag([1e-17, 0, 0])

REFERENCE: dict[str, Callable[[], float]] = {
    "step": lambda: standard("dirac"),
    "vector-mass-term": lambda: with_vector("majorana"),
    "scalar-interference": lambda: with_scalar(
        "dirac", errata.SCALAR["electron"], errata.SCALAR["scalar"], errata.SCALAR["pseudoscalar"]
    ),
    "majorana-pseudoscalar": lambda: (
        with_scalar(
            "majorana", errata.SCALAR["electron"], np.zeros((3, 3)), errata.SCALAR["pseudoscalar"].real
        )
        - standard("majorana")
    ),
    "moment-power": lambda: total("dirac", mu=2 * MU) / total("dirac", mu=MU),
    "majorana-moment": majorana_over_dirac,
    "vector-couplings": lambda: with_vector("dirac"),
    "scalar-prefactor": interference,
    "spontaneous-rate": spontaneous_rate,
    "spin-sum": lambda: standard("dirac"),
    "event-counts": lambda: counts(1.068, 10),
    "limits-power": limit_on_33,
    # The papers' average over spins has two thirds of what goes across.
    "orders": lambda: moment("linear", weak_too=False, both_orders=True) / 1.5,
    "no-interference": lambda: (
        moment("right", weak_too=True, both_orders=False) - moment("left", weak_too=True, both_orders=False)
    ),
    "first-energy": lambda: (
        counts(1.069, 10)
        / 107
        / np.mean([counts(w, 10) / n for w, n in ((1.07, 87), (1.0708, 82), (1.0712, 79), (1.0716, 39))])
    ),
}


def page() -> str:
    """Return the page of the documentation, made from the computations."""
    lines = [
        "# Errata of the papers",
        "",
        "Each row was computed: the form printed, the corrected form that the package uses, and an",
        "independent value, from explicit Dirac spinors integrated over phase space or from plain",
        "arithmetic. L is S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911, P is Phys. Sci.",
        "Forum 8 (2023) 51; Yb, normal ordering, m_1 = 0.01 eV. The printed forms can be had for",
        'comparison with `convention="papers"` in `renp.papers.formulas`; nothing uses them by default.',
        "",
        "| where | printed | found | quantity | printed gives | corrected gives | independent |",
        "|---|---|---|---|---|---|---|",
    ]
    for erratum in errata.ERRATA:
        printed, corrected = erratum.values()
        independent = REFERENCE[erratum.key]()
        words = (erratum.where, erratum.printed, erratum.found, erratum.quantity)
        cells = [
            *(word.replace("|", "\\|") for word in words),
            *(f"{x:.5g}" for x in (printed, corrected, independent)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
