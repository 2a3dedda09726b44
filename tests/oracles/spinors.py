"""The spectrum from explicit Dirac spinors, summed over spins and integrated over phase space.

Nothing here knows the integrated formula: an amplitude is a row of numbers times a 4 x 4 matrix
times a column of numbers. It is slow (a fraction of a millisecond per pair) and exact, because
the squared amplitude is a polynomial of the second degree in the components of one momentum,
which Gauss-Legendre nodes and a few azimuths integrate without error.

Conventions: energies in eV, metric (+, -, -, -), Dirac representation, v = C ubar^T. The pair
carries q = p_i + p_j = (E_eg - omega, -k), and the z axis is chosen along -k, so that q points
along +z. "T" is the sum over the two directions across the photon, "L" the direction along it.

The amplitude of one ordered pair, as the coefficient of the atomic spin S_k and in units of
2 sqrt(2) G_F, is ::

    T^k = ubar_i [gamma^k (V + A g5) + q^k (s + p g5)] v_j
          + phase mu_B / (sqrt(2) G_F q^2) (q x Gamma)^k
    Gamma^m = ubar_i [gamma^m (F + G g5) + i sigma^{mb} q_b (mu + eps g5)] v_j
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Couplings = Mapping[str, complex]
Frame = Literal["pair", "lab"]

G_FERMI = 1.1663787e-23  # 1/eV^2
ELECTRON_MASS = 510998.95069  # eV
ALPHA = 7.2973525643e-3
BOHR_MAGNETON = math.sqrt(4 * math.pi * ALPHA) / (2 * ELECTRON_MASS)  # 1/eV, Heaviside-Lorentz

KINDS = ("V", "A", "s", "p", "mu", "eps", "F", "G")

# The integrand has degree 2 in the energy and at most the second harmonic in the azimuth, so
# these are more than enough: 4 nodes are exact to degree 7, 5 azimuths to the fourth harmonic.
ENERGY_NODES = 4
AZIMUTHS = 5


# --- Dirac algebra -------------------------------------------------------------------------


def _pauli() -> Complexes:
    """Return the three Pauli matrices, shape (3, 2, 2)."""
    return np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)


def _gamma() -> Complexes:
    """Return gamma^mu in the Dirac representation, shape (4, 4, 4)."""
    gamma = np.zeros((4, 4, 4), dtype=complex)
    gamma[0] = np.diag([1, 1, -1, -1])
    gamma[1:, :2, 2:] = _pauli()
    gamma[1:, 2:, :2] = -_pauli()
    return gamma


PAULI: Complexes = _pauli()
GAMMA: Complexes = _gamma()
GAMMA5: Complexes = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
UNIT: Complexes = np.eye(4, dtype=complex)
CHARGE_CONJUGATION: Complexes = 1j * GAMMA[2] @ GAMMA[0]
METRIC: Reals = np.diag([1.0, -1.0, -1.0, -1.0])
SIGMA: Complexes = 0.5j * (
    np.einsum("mab,nbc->mnac", GAMMA, GAMMA) - np.einsum("nab,mbc->mnac", GAMMA, GAMMA)
)


def particle_spinors(momentum: Reals, mass: float) -> Complexes:
    """Return u(p, spin) for both spins, normalised to ubar u = 2 m.

    Parameters
    ----------
    momentum : array, shape (n, 4)
        Four-momenta (E, p_x, p_y, p_z) in eV; E + mass must be positive.
    mass : float
        Mass in eV; zero is allowed.

    Returns
    -------
    array, shape (n, 2, 4)
        Point, spin, spinor component.
    """
    root = np.sqrt(momentum[:, 0] + mass)
    spinors = np.zeros((len(momentum), 2, 4), dtype=complex)
    spinors[:, 0, 0] = spinors[:, 1, 1] = root
    helicity = np.einsum("nk,kab->nab", momentum[:, 1:], PAULI)
    # The lower half of spin state s is column s of sigma.p / sqrt(E + m).
    spinors[:, :, 2:] = np.swapaxes(helicity, 1, 2) / root[:, None, None]
    return spinors


def dirac_conjugate(spinors: Complexes) -> Complexes:
    """Return ubar = u^dagger gamma^0 for spinors along the last axis."""
    conjugate: Complexes = spinors.conj() @ GAMMA[0]
    return conjugate


def antiparticle_spinors(momentum: Reals, mass: float) -> Complexes:
    """Return v = C ubar^T of the same momentum and spin label, shape (n, 2, 4).

    The label is that of the particle spinor: for a Majorana neutrino u and v of one label belong
    to one and the same state, which is what makes the two terms of its amplitude interfere.
    """
    return dirac_conjugate(particle_spinors(momentum, mass)) @ CHARGE_CONJUGATION.T


# --- Phase space ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Kinematics:
    """The pair's invariants, each rounded once from its exact value.

    Attributes
    ----------
    q2, root_q2 : float
        Invariant mass squared of the pair, and its root.
    energy, momentum : float
        Components of q in the laboratory, E_eg - omega and omega (along +z).
    energy_i, energy_j, p_star : float
        Neutrino energies and momentum in the rest frame of the pair.
    delta : float
        Width of the neutrino-energy interval in units of omega.
    """

    q2: float
    root_q2: float
    energy: float
    momentum: float
    energy_i: float
    energy_j: float
    p_star: float
    delta: float


def kinematics(E_eg: float, omega: float, m_i: float, m_j: float) -> Kinematics | None:
    """Return the kinematics of a pair, or None if the pair is closed.

    Differences of nearly equal numbers are formed from rationals, which are exact, because they
    decide everything near a threshold.
    """
    level, photon = Fraction(float(E_eg)), Fraction(float(omega))
    mass_i, mass_j = Fraction(float(m_i)), Fraction(float(m_j))
    q2 = level * (level - 2 * photon)
    above_sum = q2 - (mass_i + mass_j) ** 2
    above_difference = q2 - (mass_i - mass_j) ** 2
    if q2 <= 0 or above_sum <= 0:
        return None
    root_q2 = math.sqrt(q2)
    root = math.sqrt(above_sum) * math.sqrt(above_difference)
    return Kinematics(
        q2=float(q2),
        root_q2=root_q2,
        energy=float(level - photon),
        momentum=float(photon),
        energy_i=float(q2 + mass_i**2 - mass_j**2) / (2 * root_q2),
        energy_j=float(q2 + mass_j**2 - mass_i**2) / (2 * root_q2),
        p_star=root / (2 * root_q2),
        delta=root / float(q2),
    )


def _open_pair(E_eg: float, omega: float, m_i: float, m_j: float) -> Kinematics:
    """Return the kinematics of a pair that has to be open."""
    pair = kinematics(E_eg, omega, m_i, m_j)
    if pair is None:
        raise ValueError(f"the pair with masses {m_i} and {m_j} is closed at {omega} eV")
    return pair


def energy_interval(E_eg: float, omega: float, m_i: float, m_j: float) -> tuple[float, float]:
    """Return centre and half width of the interval of the neutrino energy E_i, in eV."""
    pair = _open_pair(E_eg, omega, m_i, m_j)
    centre = pair.energy * pair.energy_i / pair.root_q2
    return centre, pair.momentum * pair.delta / 2


def _momenta(pair: Kinematics, cosines: Reals, frame: Frame) -> tuple[Reals, Reals]:
    """Return p_i and p_j, shape (n * AZIMUTHS, 4), azimuth running fastest.

    The energy in the laboratory is uniform in its interval, and so is ``cosines``, the position
    in that interval from -1 to 1, which is also the cosine of the angle in the pair's frame.
    """
    azimuth = 2 * np.pi * np.arange(AZIMUTHS) / AZIMUTHS
    cosine = np.repeat(cosines, AZIMUTHS)
    angle = np.tile(azimuth, len(cosines))
    sine = np.sqrt((1 - cosine) * (1 + cosine))
    direction = np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=1)
    momentum_i = np.column_stack([np.full(len(cosine), pair.energy_i), pair.p_star * direction])
    momentum_j = np.column_stack([np.full(len(cosine), pair.energy_j), -pair.p_star * direction])
    if frame == "pair":
        return momentum_i, momentum_j
    boost = _boost(pair)
    return momentum_i @ boost.T, momentum_j @ boost.T


def _boost(pair: Kinematics) -> Reals:
    """Return the Lorentz matrix from the pair's rest frame to the laboratory."""
    boost = np.eye(4)
    boost[0, 0] = boost[3, 3] = pair.energy / pair.root_q2
    boost[0, 3] = boost[3, 0] = pair.momentum / pair.root_q2
    return boost


# --- Amplitudes ----------------------------------------------------------------------------


def _vertex(
    pair: Kinematics, couplings: Couplings, frame: Frame, phase: complex, strength: float
) -> Complexes:
    """Return the three laboratory components of the vertex as matrices, shape (3, 4, 4).

    ``strength`` is mu_B / (sqrt(2) G_F). In the pair's frame the vertex is made there and its
    four-vectors are taken to the laboratory afterwards, which is a sum of matrices.
    """
    unknown = set(couplings) - set(KINDS)
    if unknown:
        raise ValueError(f"unknown couplings {sorted(unknown)}")
    g = {kind: complex(couplings.get(kind, 0.0)) for kind in KINDS}
    in_lab = frame == "lab"
    q_lab = np.array([pair.energy, 0.0, 0.0, pair.momentum])
    q_frame = q_lab if in_lab else np.array([pair.root_q2, 0.0, 0.0, 0.0])
    to_lab = np.eye(4) if in_lab else _boost(pair)

    current = GAMMA @ (g["V"] * UNIT + g["A"] * GAMMA5)
    density = g["s"] * UNIT + g["p"] * GAMMA5
    charge = GAMMA @ (g["F"] * UNIT + g["G"] * GAMMA5)
    dipole = 1j * np.einsum("mbxy,b->mxy", SIGMA, METRIC @ q_frame)
    dipole = dipole @ (g["mu"] * UNIT + g["eps"] * GAMMA5)

    vertex = np.einsum("km,mab->kab", to_lab, current)[1:] + q_lab[1:, None, None] * density
    photon = np.einsum("km,mab->kab", to_lab, charge + dipole)[1:]
    crossed = _cross(q_lab[1:], photon)
    return np.asarray(vertex + phase * strength / pair.q2 * crossed)


def _amplitude_vertex(
    pair: Kinematics,
    couplings: Couplings,
    mirrored: Couplings | None,
    frame: Frame,
    phase: complex,
    strength: float,
) -> Complexes:
    """Return the matrix between ubar_i and v_j: the vertex, or both terms of a Majorana pair.

    For Majorana neutrinos either field may create either particle, and Fermi statistics gives
    the second way the opposite sign: ubar_i O_ij v_j - ubar_j O_ji v_i. As v = C ubar^T, the
    second number is the transpose of itself, ubar_j O_ji C ubar_i^T = ubar_i (O_ji C)^T C^-1 v_j.
    The matrices are subtracted rather than the two numbers, since what cancels then cancels
    exactly: beside it only terms may remain that are small at a threshold.
    """
    direct = _vertex(pair, couplings, frame, phase, strength)
    if mirrored is None:
        return direct
    swapped = _vertex(pair, mirrored, frame, phase, strength) @ CHARGE_CONJUGATION
    # C is real and orthogonal, hence the transpose for the inverse.
    return direct - np.swapaxes(swapped, 1, 2) @ CHARGE_CONJUGATION.T


def _cross(vector: Reals, matrices: Complexes) -> Complexes:
    """Return the cross product of a vector with a vector of matrices."""
    x, y, z = vector
    a, b, c = matrices
    return np.stack([y * c - z * b, z * a - x * c, x * b - y * a])


def _squares(
    pair: Kinematics,
    masses: tuple[float, float],
    cosines: Reals,
    vertex: Complexes,
    frame: Frame,
) -> Reals:
    """Return |T|^2 summed over spins and averaged over azimuth: shape (2, n), T and L."""
    m_i, m_j = masses
    momentum_i, momentum_j = _momenta(pair, cosines, frame)
    ubar_i = dirac_conjugate(particle_spinors(momentum_i, m_i))
    v_j = antiparticle_spinors(momentum_j, m_j)
    # All spins at once, shape (3, n, spin of i, spin of j).
    amplitude = ubar_i @ vertex[:, None] @ np.swapaxes(v_j, 1, 2)
    squared = np.sum(amplitude.real**2 + amplitude.imag**2, axis=(2, 3))
    averaged = squared.reshape(3, len(cosines), AZIMUTHS).mean(axis=2)
    return np.stack([averaged[0] + averaged[1], averaged[2]])


def summed_squares(
    E_eg: float,
    omega: float,
    m_i: float,
    m_j: float,
    energies: ArrayLike,
    couplings: Couplings,
    mirrored: Couplings | None = None,
    *,
    frame: Frame = "pair",
    phase: complex = 1.0,
    g_fermi: float = G_FERMI,
    bohr_magneton: float = BOHR_MAGNETON,
) -> Reals:
    """Return |T|^2, summed over spins and averaged over azimuth, for given neutrino energies.

    Parameters
    ----------
    E_eg, omega, m_i, m_j : float
        Level difference, photon energy and the masses of the pair, in eV.
    energies : array_like, shape (n,)
        Laboratory energies E_i of the neutrino in eV, inside the allowed interval.
    couplings : mapping of str to complex
        Any of ``KINDS`` for the ordered pair (i, j); what is missing is zero.
    mirrored : mapping of str to complex, optional
        The couplings of (j, i). If given, the neutrinos are Majorana particles.
    frame : {"pair", "lab"}
        Where the spinors are evaluated. The results agree; "pair" keeps all digits close to a
        threshold, where the amplitudes of A, s, eps and G are small.
    phase : complex
        Phase of the electromagnetic term. It matters before the integration over E_i only.
    g_fermi, bohr_magneton : float
        Constants, in 1/eV^2 and 1/eV.

    Returns
    -------
    array, shape (2, n)
        The T and L components.
    """
    pair = _open_pair(E_eg, omega, m_i, m_j)
    centre, half_width = energy_interval(E_eg, omega, m_i, m_j)
    cosines = (np.atleast_1d(np.asarray(energies, dtype=float)) - centre) / half_width
    if np.any(np.abs(cosines) > 1 + 1e-9):
        raise ValueError("a neutrino energy lies outside the allowed interval")
    strength = bohr_magneton / (math.sqrt(2) * g_fermi)
    vertex = _amplitude_vertex(pair, couplings, mirrored, frame, phase, strength)
    return _squares(pair, (m_i, m_j), np.clip(cosines, -1, 1), vertex, frame)


@lru_cache(maxsize=1)
def _legendre() -> tuple[Reals, Reals]:
    """Return the Gauss-Legendre nodes, and weights that sum to one."""
    nodes, weights = np.polynomial.legendre.leggauss(ENERGY_NODES)
    return nodes, weights / 2


def strengths(
    E_eg: float,
    omega: float,
    m_i: float,
    m_j: float,
    couplings: Couplings,
    mirrored: Couplings | None = None,
    *,
    frame: Frame = "pair",
    phase: complex = 1.0,
    g_fermi: float = G_FERMI,
    bohr_magneton: float = BOHR_MAGNETON,
) -> tuple[float, float]:
    """Return K_T and K_L of one ordered pair.

    K is one sixth of |T|^2, summed over spins and averaged over phase space. Parameters are
    those of `summed_squares`. The factor 1/2 of a Majorana sum over ordered pairs is not
    included. A closed pair is an error.

    Returns
    -------
    tuple of float
        K_T (both directions across the photon together) and K_L, in eV^2.
    """
    pair = _open_pair(E_eg, omega, m_i, m_j)
    nodes, weights = _legendre()
    strength = bohr_magneton / (math.sqrt(2) * g_fermi)
    vertex = _amplitude_vertex(pair, couplings, mirrored, frame, phase, strength)
    across, along = _squares(pair, (m_i, m_j), nodes, vertex, frame) @ weights / 6
    return float(across), float(along)


def differential(
    E_eg: float,
    E_vg: float,
    omega: float,
    m_i: float,
    m_j: float,
    energies: ArrayLike,
    couplings: Couplings,
    mirrored: Couplings | None = None,
    *,
    frame: Frame = "pair",
    phase: complex = 1.0,
    g_fermi: float = G_FERMI,
    bohr_magneton: float = BOHR_MAGNETON,
) -> Reals:
    """Return dI/dE_i of one ordered pair, by component, for neutrino energies in the interval.

    Its integral over the interval is Delta K / (E_vg - omega)^2. Parameters are those of
    `summed_squares`, with E_vg the energy of the virtual level.

    Returns
    -------
    array, shape (2, n)
        The T and L components.
    """
    squares = summed_squares(
        E_eg,
        omega,
        m_i,
        m_j,
        energies,
        couplings,
        mirrored,
        frame=frame,
        phase=phase,
        g_fermi=g_fermi,
        bohr_magneton=bohr_magneton,
    )
    return squares / (6 * omega * _propagator(E_vg, omega))


def _propagator(e_vg: float, omega: float) -> float:
    """Return (E_vg - omega)^2, from the exact difference."""
    return float(Fraction(float(e_vg)) - Fraction(float(omega))) ** 2


def spectrum(
    E_eg: float,
    E_vg: float,
    omega: float,
    masses: ArrayLike,
    couplings: Mapping[str, ArrayLike],
    majorana: bool = False,
    *,
    by_component: bool = False,
    weights: tuple[float, float] = (1.0, 1.0),
    frame: Frame = "pair",
    phase: complex = 1.0,
    g_fermi: float = G_FERMI,
    bohr_magneton: float = BOHR_MAGNETON,
) -> Reals:
    """Return the contribution of each ordered pair to I(omega).

    Parameters
    ----------
    E_eg, E_vg, omega : float
        Level differences and photon energy in eV.
    masses : array_like, shape (3,)
        Neutrino masses in eV.
    couplings : mapping of str to array_like, shape (3, 3)
        Any of ``KINDS``: the matrices as they stand in the Lagrangian, without a factor 1/2.
    majorana : bool
        Take the Majorana amplitude, and half of each ordered pair.
    by_component : bool
        Return the T and L components, without weights.
    weights : tuple of float
        w_T and w_L of the sum over components.
    frame, phase, g_fermi, bohr_magneton
        As in `summed_squares`.

    Returns
    -------
    array, shape (3, 3), or (2, 3, 3) by component
        Zero where a pair is closed.
    """
    mass = np.asarray(masses, dtype=float)
    matrices = {kind: np.asarray(matrix, dtype=complex) for kind, matrix in couplings.items()}
    states = np.size(masses)
    result = np.zeros((2, states, states))
    for i, j in np.ndindex(states, states):
        m_i, m_j = float(mass[i]), float(mass[j])
        pair = kinematics(E_eg, omega, m_i, m_j)
        if pair is None:
            continue
        direct = {kind: complex(matrix[i, j]) for kind, matrix in matrices.items()}
        mirrored = {kind: complex(matrix[j, i]) for kind, matrix in matrices.items()}
        pair_strengths = strengths(
            E_eg,
            omega,
            m_i,
            m_j,
            direct,
            mirrored if majorana else None,
            frame=frame,
            phase=phase,
            g_fermi=g_fermi,
            bohr_magneton=bohr_magneton,
        )
        factor = (0.5 if majorana else 1.0) * pair.delta / _propagator(E_vg, omega)
        result[:, i, j] = factor * np.array(pair_strengths)
    return result if by_component else np.tensordot(weights, result, axes=1)
