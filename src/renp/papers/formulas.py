"""The papers' own formulas, corrected or as printed, for comparison with the master formula.

L(n) is equation n of S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911, P(n) of Phys. Sci. Forum 8
(2023) 51. Each function takes ``convention``: "corrected", or "papers" for the formula as it is printed. All
return the contribution of each ordered pair, shape (3, 3, n). They are plain NumPy and share nothing with
`renp.formula.master_formula`; close to a threshold they lose the digits that it keeps.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.constants import BOHR_MAGNETON, ELECTRON_MASS, FERMI_CONSTANT
from renp.neutrinos import Neutrinos
from renp.validation import choice

Matrix: TypeAlias = NDArray[Any]
Convention: TypeAlias = Literal["corrected", "papers"]

CONVENTIONS = ("corrected", "papers")


def _as_printed(convention: str) -> bool:
    return choice("convention", convention, CONVENTIONS) == "papers"


class _Pairs:
    """What depends on the pair and ω, arrays of shape (3, 3, n) or less."""

    def __init__(self, omega: Any, atom: Atom, neutrinos: Neutrinos) -> None:
        m = np.asarray(neutrinos.masses)
        self.omega = np.atleast_1d(np.asarray(omega, dtype=float))
        self.m_i, self.m_j = m[:, None, None], m[None, :, None]
        self.q2 = atom.E_eg * (atom.E_eg - 2 * self.omega)
        self.total, self.difference = self.m_i + self.m_j, self.m_i - self.m_j
        self.dm2 = self.m_i**2 - self.m_j**2
        roots = (self.q2 - self.total**2) * (self.q2 - self.difference**2)
        is_open = self.omega < (atom.E_eg - self.total**2 / atom.E_eg) / 2
        self.delta = np.where(is_open, np.sqrt(np.abs(roots)) / self.q2, 0.0)
        self.front = self.delta / (atom.E_vg - self.omega) ** 2
        # P(5)
        self.dirac = (
            self.q2
            - (self.m_i**2 + self.m_j**2) / 2
            + self.omega**2 / 2 * (1 - self.delta**2 / 3)
            - (atom.E_eg - self.omega) ** 2 * self.dm2**2 / (2 * self.q2**2)
        ) / 3


def _weak(neutrinos: Neutrinos) -> Matrix:
    """a_ij of P(2), shape (3, 3, 1)."""
    U = np.asarray(neutrinos.mixing_matrix)
    return np.asarray((np.outer(U[0], U[0].conj()) - np.eye(3) / 2)[..., None])


def standard_model(
    omega: Any, atom: Atom, neutrinos: Neutrinos, convention: Convention | str = "corrected"
) -> Reals:
    """Return P(4) with P(5). Printed is Θ(ω − ω_max): nothing below the threshold.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    >>> [round(float(standard_model(1.068, yb, nu, c).sum()), 4) for c in CONVENTIONS]
    [0.0678, 0.0]
    """
    pair, a = _Pairs(omega, atom, neutrinos), _weak(neutrinos)
    if _as_printed(convention):
        return np.zeros(np.broadcast_shapes((3, 3, 1), pair.omega.shape))
    mass_term = (neutrinos.nature == "majorana") * (a**2).real * pair.m_i * pair.m_j
    return np.asarray(pair.front * (np.abs(a) ** 2 * pair.dirac - mass_term))


def vector_mediator(
    omega: Any,
    atom: Atom,
    neutrinos: Neutrinos,
    mass: float,
    electron: float,
    left: Matrix,
    right: Matrix,
    convention: Convention | str = "corrected",
) -> Reals:
    """Return P(8) for hermitian g_L, g_R, with the step function right way round.

    Printed is a plus before the mass term, which contradicts P(4) at g_R = 0.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    >>> zero = np.zeros((3, 3))
    >>> off = vector_mediator(1.0, yb, nu, 1.0, 0.0, zero, zero)
    >>> np.allclose(off, standard_model(1.0, yb, nu), rtol=1e-14, atol=0)
    True
    """
    pair, majorana = _Pairs(omega, atom, neutrinos), neutrinos.nature == "majorana"
    kappa = electron / (2**0.5 * FERMI_CONSTANT * (pair.q2 - mass**2))
    a_L = _weak(neutrinos) + kappa * np.asarray(left)[..., None]
    a_R = kappa * np.asarray(right)[..., None]
    squares = np.abs(a_L) ** 2 + np.abs(a_R) ** 2 - majorana * 2 * (a_L * a_R).real
    masses = majorana * (a_L**2 + a_R**2).real - 2 * (a_L.conj() * a_R).real
    sign = 1 if _as_printed(convention) else -1
    return np.asarray(pair.front * (squares * pair.dirac + sign * masses * pair.m_i * pair.m_j))


def scalar_mediator(
    omega: Any,
    atom: Atom,
    neutrinos: Neutrinos,
    mass: float,
    electron: float,
    scalar: Matrix,
    pseudoscalar: Matrix,
    convention: Convention | str = "corrected",
) -> Reals:
    """Return P(11) with P(12) for hermitian y_S, y_P.

    Printed are Re[a y_S] and Im[a y_P] in the interference, no prefactor in the last line, and no
    pseudoscalar coupling for Majorana neutrinos; corrected for Dirac neutrinos: Im[a y_S*] and Re[a y_P*].
    For Majorana neutrinos the corrected form is that of real symmetric y_S, y_P with the factor 1/2 in the
    Lagrangian.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    >>> zero = np.zeros((3, 3))
    >>> off = scalar_mediator(1.0, yb, nu, 1.0, 0.0, zero, zero)
    >>> np.allclose(off, standard_model(1.0, yb, nu), rtol=1e-14, atol=0)
    True
    """
    pair, a = _Pairs(omega, atom, neutrinos), _weak(neutrinos)
    y_S, y_P = np.asarray(scalar)[..., None], np.asarray(pseudoscalar)[..., None]
    printed, majorana = _as_printed(convention), neutrinos.nature == "majorana"
    dirac_only = 0.0 if majorana else 1.0
    propagator = pair.q2 - mass**2
    square = electron**2 * pair.omega**2 / (ELECTRON_MASS * FERMI_CONSTANT * propagator) ** 2 / 24
    kept = dirac_only if printed else 1.0
    squares = square * (
        np.abs(y_S) ** 2 * (pair.q2 - pair.total**2)
        + kept * np.abs(y_P) ** 2 * (pair.q2 - pair.difference**2)
    )
    front = electron * pair.omega**2 / (6 * 2**0.5 * FERMI_CONSTANT) / (ELECTRON_MASS * propagator)
    in_s = pair.difference * (1 - pair.total**2 / pair.q2)
    in_p = pair.total * (1 - pair.difference**2 / pair.q2)
    if printed:
        bare = front / (electron * pair.omega**2 / (6 * 2**0.5 * FERMI_CONSTANT))
        interference = front * (a * y_S).real * in_s - dirac_only * bare * (a * y_P).imag * in_p
    elif majorana:
        # Effective couplings V = i Im a, A = −Re a, s and p, in half of the ordered pairs.
        squares = squares / 2
        interference = front * (a.imag * y_S.real * in_s + a.real * y_P.real * in_p)
    else:
        interference = front * ((a * y_S.conj()).imag * in_s + (a * y_P.conj()).real * in_p)
    return np.asarray(standard_model(omega, atom, neutrinos) + pair.front * (squares + interference))


def moments(
    omega: Any,
    atom: Atom,
    neutrinos: Neutrinos,
    kind: Literal["magnetic", "electric"] | str,
    elements: Matrix,
    convention: Convention | str = "corrected",
) -> Reals:
    """Return L(16), P(14) times the squares of hermitian moments in μ_B, without the weak part.

    Printed below L(15) is the moment itself in place of its square.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    >>> found = moments(1.068, yb, nu, "magnetic", np.diag([3e-11, 0, 0])).sum()
    >>> round(float(found), 6)
    0.004956
    """
    pair = _Pairs(omega, atom, neutrinos)
    sign = 1 if choice("kind", kind, ("magnetic", "electric")) == "magnetic" else -1
    bracket = 1 + ((pair.m_i + sign * pair.m_j) ** 2 + sign * 4 * pair.m_i * pair.m_j) / pair.q2
    bracket = bracket - 2 * (pair.dm2 / pair.q2) ** 2
    front = (BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * pair.omega**2 / 9
    size = np.abs(BOHR_MAGNETON * np.asarray(elements)[..., None])
    power = 1 if _as_printed(convention) else 2
    return np.asarray(pair.front * front * size**power * bracket)
