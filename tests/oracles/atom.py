"""A two-electron atom from its states, coupled to neutrino spinors and to the trigger, in both orders.

Nothing here knows weights, angular factors or an integrated formula: the states ¹S₀, ¹P₁ and ³P_J are columns
over |L M_L⟩|S M_S⟩ with Clebsch-Gordan coefficients of SymPy, operators are matrices between them, fields are
those of Maxwell's equations, and amplitudes are sums over every state of second-order perturbation theory.

Conventions are those of `oracles.spinors`: energies in eV, the photon runs along −z, so that the pair carries
q = (E_eg − ω, 0, 0, nω − p_eg). Photons and pairs are emitted, with amplitudes ∝ exp(iωt − ikx).
Interactions are H = 2√2 G_F S·J − d·E − m·B, m = −μ_B (L + 2S), of the pair's weak current J and the fields
of photons and of the pair's electromagnetic current Γ, A^μ = −Γ^μ/q².
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sympy.physics.quantum.cg import CG

from oracles import spinors

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Couplings = Mapping[str, complex]

# --- states and operators -------------------------------------------------------------------


def _angular_momentum(j: int) -> Complexes:
    """Return J_x, J_y, J_z for states M = j, j − 1, …, −j."""
    m = np.arange(j, -j - 1, -1)
    up = np.diag(np.sqrt(j * (j + 1) - m[1:] * (m[1:] + 1)), 1).astype(complex)
    return np.stack([(up + up.T) / 2, (up - up.T) / 2j, np.diag(m)])


# The products |L M_L⟩|S M_S⟩ in use: ¹S, ¹P and ³P.
PRODUCTS = [(0, 0, 0, 0), *((1, m, 0, 0) for m in (1, 0, -1))]
PRODUCTS += [(1, m, 1, s) for m in (1, 0, -1) for s in (1, 0, -1)]


def _operators() -> tuple[Complexes, Complexes, Complexes]:
    """Return L, S and the position r of the jumping electron (to a factor), each (3, 13, 13)."""
    one = _angular_momentum(1)
    L = np.zeros((3, 13, 13), dtype=complex)
    S, r = L.copy(), L.copy()
    for axis in range(3):
        L[axis, 1:4, 1:4] = one[axis]
        L[axis, 4:, 4:] = np.kron(one[axis], np.eye(3))
        S[axis, 4:, 4:] = np.kron(np.eye(3), one[axis])
    # ⟨S|r|P m⟩ is the unit vector of Y_1m.
    r[:, 0, 1:4] = np.array([[-1, 0, 1], [-1j, 0, -1j], [0, math.sqrt(2), 0]]) / math.sqrt(2)
    return L, S, r + np.conj(np.swapaxes(r, 1, 2))


ORBIT, SPIN, POSITION = _operators()


@cache
def level(L: int, S: int, J: int) -> Complexes:
    """Return the states |J M⟩ of a pure level as rows, M = J, …, −J."""
    rows = np.zeros((2 * J + 1, len(PRODUCTS)), dtype=complex)
    for row, M in enumerate(range(J, -J - 1, -1)):
        for k, (orbit, m, s, sigma) in enumerate(PRODUCTS):
            if (orbit, s) == (L, S) and m + sigma == M:
                rows[row, k] = float(CG(L, m, S, sigma, J, M).doit())
    return rows


@dataclass(frozen=True)
class Atom:
    """Energies above |g⟩ and states of |e⟩ and of the intermediate levels; |v⟩ is the first of these."""

    E_eg: float
    e: Complexes
    levels: tuple[tuple[float, Complexes], ...]
    boost: float = 0.0
    orbit: bool = True
    both_orders: bool = True
    index: float = 1.0

    @property
    def g(self) -> Complexes:
        """¹S₀."""
        return level(0, 0, 0)


def mixed(J_e: int, E_eg: float, energies: Sequence[float], angle: float = 0.13, **options: object) -> Atom:
    """Return an atom with ³P_J as |e⟩, and ³P₁ and ¹P₁, mixed by an angle, as |v⟩ and further level.

    For J_e = 1, |e⟩ is the higher one of the mixture and the lower one the only intermediate level.
    """
    triplet, singlet = level(1, 1, 1), level(1, 0, 1)
    c, s = math.cos(angle), math.sin(angle)
    states = (c * triplet + s * singlet, -s * triplet + c * singlet)
    e = level(1, 1, J_e) if J_e != 1 else states[1]
    kept = states if J_e != 1 else states[:1]
    return Atom(E_eg, e, tuple(zip(energies, kept, strict=False)), **options)  # type: ignore[arg-type]


# --- fields ---------------------------------------------------------------------------------


def polarisation(light: str, along: int = -1) -> Complexes:
    """Return ε of linear light, or of "right" (helicity 1) or "left" (−1), for a photon along ±z."""
    if light == "linear":
        return np.array([math.cos(0.4), math.sin(0.4), 0.0], dtype=complex)
    # An angular momentum of ±1 about the direction of motion.
    helicity = (1 if light == "right" else -1) * along
    return np.array([1.0, 1j * helicity, 0.0]) / math.sqrt(2)


def photon_field(
    energy: float, vector: Complexes, along: int, index: float = 1.0
) -> tuple[Complexes, Complexes]:
    """Return E and B of an emitted photon, A = ε* exp(iωt − ikx), |k| = nω."""
    k = np.array([0, 0, along * index * energy])
    return -1j * energy * vector.conj(), -1j * np.cross(k, vector.conj())


def pair_field(q: Reals, current: Complexes) -> tuple[Complexes, Complexes]:
    """Return E and B of an emitted pair's current Γ^μ, shape (..., 4), in Lorenz' gauge."""
    q2 = q[0] ** 2 - q[1:] @ q[1:]
    A = -current / q2
    return -1j * q[0] * A[..., 1:] + 1j * q[1:] * A[..., :1], -1j * np.cross(q[1:], A[..., 1:])


def electric(field: Complexes) -> Complexes:
    """Return −d·E as matrices, with d = −r."""
    return np.einsum("...a,amn->...mn", field, POSITION)


def magnetic(atom: Atom, field: Complexes) -> Complexes:
    """Return −m·B in units of μ_B, with L + 2S, or with 2S alone."""
    moment = (ORBIT if atom.orbit else 0) + 2 * SPIN
    return np.einsum("...a,amn->...mn", field, moment)


def amplitudes(
    atom: Atom,
    omega: float,
    trigger: tuple[Complexes, Complexes],
    of_pair: tuple[Complexes, Complexes],
    weak: Complexes | None = None,
    strength: float = 1.0,
) -> Complexes:
    """Return second-order amplitudes, shape (2J_e + 1, ...): the pair first by M1, then the trigger first.

    ``weak`` is S·J; ``strength`` is μ_B in units of its factor 2√2 G_F.
    """
    first = strength * magnetic(atom, of_pair[1])
    if weak is not None:
        first = first + np.einsum("...a,amn->...mn", weak, SPIN)
    total = 0
    for energy, states in atom.levels:
        to_ground = atom.g.conj() @ electric(trigger[0]) @ states.T
        up = states.conj() @ first @ atom.e.T
        # E_e − E_v − E_pair, and E_e − E_v − ω
        total = total - (to_ground @ up)[..., 0, :] / (energy - omega)
        if atom.both_orders:
            to_ground = atom.g.conj() @ electric(of_pair[0]) @ states.T
            up = strength * states.conj() @ magnetic(atom, trigger[1]) @ atom.e.T
            total = total - (to_ground @ up)[..., 0, :] / (energy - atom.E_eg + omega)
    return np.moveaxis(np.asarray(total), -1, 0)


def two_photons(atom: Atom, omega: float, lights: tuple[str, str], alongs: tuple[int, int]) -> Complexes:
    """Return the amplitude for a photon of energy ω, the trigger, with another one in the pair's place."""
    trigger, other = (
        photon_field(energy, polarisation(light, along), along)
        for energy, light, along in zip((omega, atom.E_eg - omega), lights, alongs, strict=True)
    )
    return amplitudes(atom, omega, trigger, other)


# --- neutrinos ------------------------------------------------------------------------------


def _kinematics(atom: Atom, omega: float, m_i: float, m_j: float) -> tuple[Reals, float, float]:
    """Return q, p* and Δ."""
    q = np.array([atom.E_eg - omega, 0.0, 0.0, atom.index * omega - atom.boost])
    q2 = q[0] ** 2 - q[3] ** 2
    delta = math.sqrt((1 - (m_i + m_j) ** 2 / q2) * (1 - (m_i - m_j) ** 2 / q2))
    return q, math.sqrt(q2) * delta / 2, delta


def momenta(
    atom: Atom, omega: float, m_i: float, m_j: float, cosines: Reals, azimuths: int = 7
) -> tuple[Reals, Reals]:
    """Return p_i and p_j in the laboratory, azimuth fastest; cosines are to +z in the pair's frame."""
    q, p, _ = _kinematics(atom, omega, m_i, m_j)
    root = math.sqrt(q[0] ** 2 - q[3] ** 2)
    boost = np.eye(4)
    boost[0, 0] = boost[3, 3] = q[0] / root
    boost[0, 3] = boost[3, 0] = q[3] / root
    u = np.repeat(cosines, azimuths)
    phi = np.tile(2 * np.pi * (np.arange(azimuths) + 0.3) / azimuths, len(cosines))
    direction = p * np.stack([np.sqrt(1 - u * u) * np.cos(phi), np.sqrt(1 - u * u) * np.sin(phi), u], axis=1)
    i = np.column_stack([np.full(len(u), math.hypot(p, m_i)), direction]) @ boost.T
    j = np.column_stack([np.full(len(u), math.hypot(p, m_j)), -direction]) @ boost.T
    return i, j


def _vertices(q: Reals, c: Couplings) -> tuple[Complexes, Complexes]:
    """Return the weak vertex's space components, and the electromagnetic one's four."""
    g = {kind: complex(c.get(kind, 0.0)) for kind in spinors.KINDS}
    one, five, gamma = spinors.UNIT, spinors.GAMMA5, spinors.GAMMA
    weak = gamma[1:] @ (g["V"] * one + g["A"] * five)
    weak = weak + q[1:, None, None] * (g["s"] * one + g["p"] * five)
    dipole = 1j * np.einsum("mbxy,b->mxy", spinors.SIGMA, spinors.METRIC @ q)
    photon = gamma @ (g["F"] * one + g["G"] * five) + dipole @ (g["mu"] * one + g["eps"] * five)
    return weak, photon


def squares(
    atom: Atom,
    omega: float,
    m_i: float,
    m_j: float,
    cosines: Reals,
    couplings: Couplings,
    mirrored: Couplings | None = None,
    light: str = "linear",
    prepared: int | None = None,
) -> Reals:
    """Return |amplitude|² over all spins, averaged over |e⟩ (or of one M) and azimuth, in I's normalisation.

    With the papers' spin average and |v⟩ alone it would be (K_T + K_L)(u)/(E_vg − ω)², K a mean over u.
    """
    q = _kinematics(atom, omega, m_i, m_j)[0]
    p_i, p_j = momenta(atom, omega, m_i, m_j, cosines)
    vertices = np.concatenate(_vertices(q, couplings))
    if mirrored is not None:  # ū_i O v_j − ū_j O' v_i, as in `oracles.spinors`
        C = spinors.CHARGE_CONJUGATION
        swapped = np.concatenate(_vertices(q, mirrored)) @ C
        vertices = vertices - np.swapaxes(swapped, 1, 2) @ C.T
    left = spinors.dirac_conjugate(spinors.particle_spinors(p_i, m_i))
    right = spinors.antiparticle_spinors(p_j, m_j)
    currents = np.einsum("nsa,kab,ntb->nstk", left, vertices, right)
    trigger = photon_field(omega, polarisation(light), -1, atom.index)
    strength = spinors.BOHR_MAGNETON / (2 * math.sqrt(2) * spinors.G_FERMI)
    found = amplitudes(
        atom, omega, trigger, pair_field(q, currents[..., 3:]), currents[..., :3], strength
    )  # M_e, n, s, t
    # Σ |⟨g|r·ε|v⟩⟨v|S_a|e⟩|² over all states, with |v⟩ alone: 3 of these make w_T = w_L = 1.
    v = atom.levels[0][1]
    to_ground = atom.g.conj() @ electric(trigger[0]) @ v.T
    trace = np.sum(np.abs(to_ground @ (v.conj() @ SPIN @ atom.e.T)) ** 2) / len(atom.e)
    summed = np.sum(np.abs(found) ** 2, axis=(2, 3))
    J = (len(atom.e) - 1) // 2
    of_atom = summed.mean(axis=0) if prepared is None else summed[J - prepared]
    return of_atom.reshape(len(cosines), -1).mean(axis=1) * 3 / trace / 6


def spectrum(
    atom: Atom,
    omega: float,
    masses: Sequence[float],
    couplings: Mapping[str, Complexes],
    majorana: bool = False,
    **options: object,
) -> Reals:
    """Return each ordered pair's contribution to I(ω), shape (3, 3)."""
    nodes, weights = np.polynomial.legendre.leggauss(4)
    result = np.zeros((3, 3))
    for i, j in np.ndindex(3, 3):
        q2 = (atom.E_eg - omega) ** 2 - (atom.index * omega - atom.boost) ** 2
        if q2 <= (masses[i] + masses[j]) ** 2:
            continue
        direct = {kind: x[i, j] for kind, x in couplings.items()}
        mirrored = {kind: x[j, i] for kind, x in couplings.items()} if majorana else None
        of_u = squares(atom, omega, masses[i], masses[j], nodes, direct, mirrored, **options)  # type: ignore[arg-type]
        delta = _kinematics(atom, omega, masses[i], masses[j])[2]
        result[i, j] = (0.5 if majorana else 1.0) * delta * (of_u @ weights) / 2
    return result
