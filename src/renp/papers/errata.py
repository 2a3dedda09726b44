"""The papers' errata, each as a computation of the printed and of the corrected form.

L is S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911, P is Phys. Sci. Forum 8 (2023) 51.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np

from renp.atoms.atom import Atom
from renp.constants import BOHR_MAGNETON, DAY, FERMI_CONSTANT, HBAR
from renp.experiment import Experiment, Target, expected_counts
from renp.interactions import VectorMediator, Weak
from renp.interactions.couplings import Couplings
from renp.neutrinos import Neutrinos
from renp.papers import formulas, letter
from renp.spectrum import spectral_function

YB = Atom("Yb", E_eg=2.14349, E_vg=2.23072)
OMEGA = 1.06
"""Photon energy at which the forms are compared, eV; below every threshold."""

G_L = np.array([[1.0, 0.4 - 0.7j, 0.2j], [0.4 + 0.7j, -0.5, 0.3], [-0.2j, 0.3, 0.8]])
G_R = np.array([[0.6, 0.1j, -0.4], [-0.1j, 0.9, 0.5 + 0.2j], [-0.4, 0.5 - 0.2j, -0.3]])
VECTOR: dict[str, Any] = {"mass": 3.1, "electron": 1e-12, "left": 3e-11 * G_L, "right": 2e-11 * G_R}
SCALAR: dict[str, Any] = {
    "mass": 3.1,
    "electron": 1e-9,
    "scalar": 4e-8 * G_L,
    "pseudoscalar": 3e-8 * G_R,
}
"""Couplings, hermitian and of no symmetry besides, with which the forms are compared."""


@dataclass(frozen=True)
class Erratum:
    """One error: where it is, what is printed, what was found, and the numbers that decide."""

    key: str
    where: str
    printed: str
    found: str
    quantity: str
    values: Callable[[], tuple[float, float]]
    """Returns the quantity in the printed and in the corrected form."""


def neutrinos(nature: str = "dirac") -> Neutrinos:
    """Return the papers' neutrinos, Majorana ones with phases."""
    phases = (0.8, -2.1) if nature == "majorana" else (0.0, 0.0)
    return Neutrinos(0.01, nature=nature, release="nufit-5.1", majorana_phases=phases)


def _moment(light: str, *, weak: bool = True, spin: bool = False, orders: bool = False) -> float:
    atom = Atom("Yb", YB.E_eg, YB.E_vg, Atom.named("Yb").levels).refined(
        polarisation=light, spin=spin, orders=orders, states=False, orbit=False
    )
    moment = Couplings(mu={(3, 3): 3e-11 * BOHR_MAGNETON})
    return float(spectral_function(OMEGA, atom, neutrinos(), Weak() + moment if weak else moment))


def _total(pairs: Any) -> float:
    return float(np.sum(pairs))


def _standard() -> float:
    return float(spectral_function(OMEGA, YB, neutrinos()))


def _both(formula: Callable[..., Any], nu: Neutrinos, **arguments: Any) -> tuple[float, float]:
    printed, corrected = (
        _total(formula(OMEGA, YB, nu, **arguments, convention=convention))
        for convention in ("papers", "corrected")
    )
    return printed, corrected


def _majorana_pseudoscalar() -> tuple[float, float]:
    nu = neutrinos("majorana")
    arguments = SCALAR | {"scalar": np.zeros((3, 3)), "pseudoscalar": SCALAR["pseudoscalar"].real}
    printed, corrected = _both(formulas.scalar_mediator, nu, **arguments)
    weak = _total(formulas.standard_model(OMEGA, YB, nu))
    return printed - weak, corrected - weak


def _moment_power() -> tuple[float, float]:
    once, twice = (
        _both(formulas.moments, neutrinos(), kind="magnetic", elements=np.diag([x, 0, 0]))
        for x in (1e-11, 2e-11)
    )
    return twice[0] / once[0], twice[1] / once[1]


def _vector_couplings() -> tuple[float, float]:
    diagonal_and_squared = {
        "mass": VECTOR["mass"],
        "electron": VECTOR["electron"],
        "left": VECTOR["electron"] * np.eye(3),
        "right": VECTOR["electron"] * np.eye(3),
    }
    printed = spectral_function(OMEGA, YB, neutrinos(), Weak() + VectorMediator(**diagonal_and_squared))
    corrected = spectral_function(OMEGA, YB, neutrinos(), Weak() + VectorMediator(**VECTOR))
    return float(printed), float(corrected)


def _scalar_prefactor() -> tuple[float, float]:
    """Half the change of I under y^e → −y^e is the interference."""
    nu, y_P = neutrinos(), SCALAR["pseudoscalar"]
    odd = []
    for convention in ("papers", "corrected"):
        up, down = (
            _total(
                formulas.scalar_mediator(
                    OMEGA, YB, nu, SCALAR["mass"], sign * SCALAR["electron"], 0 * G_L, y_P, convention
                )
            )
            for sign in (1, -1)
        )
        odd.append((up - down) / 2)
    return odd[0], odd[1]


def _first_energy() -> tuple[float, float]:
    others = {1.07: 87, 1.0708: 82, 1.0712: 79, 1.0716: 39}
    mean = float(np.mean([_counts(omega, 10) / n for omega, n in others.items()]))
    return _counts(1.0688, 10) / 107 / mean, _counts(1.069, 10) / 107 / mean


def _counts(omega: float, days: float) -> float:
    runs = Experiment(YB, Target(), [omega], days * DAY)
    return float(expected_counts(runs, neutrinos())[0])


ERRATA = (
    Erratum(
        "step",
        "P(4), P(8), P(11), P(14)",
        "Θ(ω − ω_max)",
        "Θ(ω_max − ω), as the text says: a pair is emitted below its threshold",
        "I(1.06 eV), standard model",
        lambda: _both(formulas.standard_model, neutrinos()),
    ),
    Erratum(
        "vector-mass-term",
        "P(8), mass term",
        "+ (δ_M Re[a_L² + a_R²] − 2 Re[a_L* a_R]) m_i m_j",
        "a minus before the bracket; the plus contradicts P(4) at a_R = 0",
        "I(1.06 eV) with a vector mediator, Majorana",
        lambda: _both(formulas.vector_mediator, neutrinos("majorana"), **VECTOR),
    ),
    Erratum(
        "scalar-interference",
        "P(12), interference",
        "Re[a y_S], Im[a y_P]",
        "Im[a y_S*], Re[a y_P*]: ⟨ē iγ5 e⟩ is i q·S/m_e, and the couplings are hermitian. A real y^e y_S "
        "violates CP beside a real a and cannot interfere; longitudinal Z exchange is a pseudoscalar "
        "exchange and must",
        "I(1.06 eV) with a scalar mediator, Dirac",
        lambda: _both(formulas.scalar_mediator, neutrinos(), **SCALAR),
    ),
    Erratum(
        "majorana-pseudoscalar",
        "P(12), 1 − δ_M",
        "pseudoscalar couplings vanish for Majorana neutrinos",
        "ν̄_i γ5 ν_j is symmetric and does not vanish (a Majoron)",
        "what y_P adds to I(1.06 eV), Majorana",
        _majorana_pseudoscalar,
    ),
    Erratum(
        "moment-power",
        "L, below (15)",
        "Γ_M = Γ_0 |μ| I_M",
        "Γ_M = Γ_0 |μ|² I_M",
        "rate for twice the moment, over that for once",
        _moment_power,
    ),
    Erratum(
        "majorana-moment",
        "L, below (10)",
        "ū_j σ v_i = −ū_i σ v_j",
        "a plus: the minus of the exchanged term is explicit in (10), and with another one the amplitude "
        "vanishes",
        "Majorana over Dirac amplitude squared of a pair i ≠ j",
        lambda: ((1 - 1) ** 2 / 4, (1 + 1) ** 2 / 4),
    ),
    Erratum(
        "vector-couplings",
        "P(7)",
        "g^e g^e; δ_ij",
        "g^e g^ν_ij, for every i and j",
        "I(1.06 eV) with a vector mediator, Dirac",
        _vector_couplings,
    ),
    Erratum(
        "scalar-prefactor",
        "P(12), last line",
        "no prefactor",
        "y^e ω²/(6√2 G_F), as in the line above",
        "half the change of I(1.06 eV) under y^e → −y^e, y_P alone, Dirac",
        _scalar_prefactor,
    ),
    Erratum(
        "spontaneous-rate",
        "P(3) and before",
        "Γ ~ G_F² E_eg⁵/15π³ ≈ 10⁻³⁴ (unit: s)",
        "10⁻³⁴/s is for 1 eV; at the E_eg of Yb it is 2·10⁻³²/s",
        "Γ at the E_eg of Yb (1/s)",
        lambda: (1e-34, FERMI_CONSTANT**2 * float(YB.E_eg) ** 5 / (15 * pi**3) / HBAR),
    ),
    Erratum(
        "spin-sum",
        "L(11) with L(14), L(12)",
        "1/[2(2J_e + 1)] Σ S^i S^j = (2J_v + 1) C_ve δ_ij/3",
        "taken literally, I_W and I_M are both twice too large; L(12), L(14) and P(4) agree with one "
        "another, and the ratio of I_M to I_W is not touched",
        "I(1.06 eV), standard model",
        lambda: (2 * _total(formulas.standard_model(OMEGA, YB, neutrinos())), _standard()),
    ),
    Erratum(
        "event-counts",
        "L, event counts",
        "10 days “equally assigned for all the seven” frequencies",
        "the counts that follow need 10 days at each",
        "N(1.068 eV); published: 120",
        lambda: (_counts(1.068, 10 / 7), _counts(1.068, 10)),
    ),
    Erratum(
        "limits-power",
        "L, limits for 100 days",
        "(0.8–2)·10⁻¹² μ_B",
        "10⁻¹¹: limits scale as exposure^(−1/4), and the conclusion says “a factor of 2”",
        "worst limit on |μ_ij| for 100 days (μ_B)",
        lambda: (2e-12, max(letter.limits(100).limits["magnetic-moment"].values())),
    ),
    Erratum(
        "first-energy",
        "L, p. 4",
        "ω_1 = 1.0688 eV",
        "1.069 eV, as in the list: there N is below the published by as much as at the other energies",
        "N(ω_1) over the published 107, over the mean of that ratio at the next four energies",
        _first_energy,
    ),
    Erratum(
        "orders",
        "L, amplitude of moments",
        "one order of the two steps, 1/(E_vg − ω)",
        "what the photon carries also comes after the trigger, 1/(E_ve + ω); for J = 0 the orbital "
        "current, left out as well, takes nearly all of it away again",
        "I(1.06 eV) of μ_33 = 3·10⁻¹¹ μ_B alone, with 2S",
        lambda: (_moment("linear", weak=False), _moment("linear", weak=False, orders=True)),
    ),
    Erratum(
        "no-interference",
        "L, below (15)",
        "the interference cannot survive the integration over the neutrino's energy",
        "it does for light of one helicity, by the sum over spins instead of their average",
        "I(1.06 eV) with right light minus left, μ_33 = 3·10⁻¹¹ μ_B, one order, with 2S",
        lambda: (0.0, _moment("right", spin=True) - _moment("left", spin=True)),
    ),
)
"""All of them."""
