"""Massive neutrinos, three or more: masses, mixing, ordering and nature."""

from math import pi
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from renp.compensated import array_module, two_product, two_sum
from renp.datafiles import read_toml
from renp.errors import InputError, shown
from renp.validation import Scalar, choice, is_traced, number

ORDERINGS = ("normal", "inverted")
NATURES = ("dirac", "majorana")
MASSES = ("sum", "beta", "double_beta")
"""What others measure of the masses, see `observable_masses`."""
_PHASES = ("majorana_phase_21", "majorana_phase_31")
_NONE = 1e-40
"""eV²: keeps the slope of |m_ββ| finite where its parts cancel."""


def releases() -> tuple[str, ...]:
    """Return the names of the global fits of oscillation data that are at hand.

    Examples
    --------
    >>> "nufit-6.0" in releases()
    True
    """
    return tuple(read_toml("oscillation.toml"))


def release_values(release: str, ordering: str) -> dict[str, float]:
    """Return the best-fit values of a release: angles as sin²θ, δ_CP in rad, Δm² in eV².

    Examples
    --------
    >>> release_values("nufit-6.0", "normal")["sin2_theta12"]
    0.308
    """
    table = read_toml("oscillation.toml")[choice("release", release, releases())][ordering]
    values = {key: float(entry["value"]) for key, entry in table.items()}
    values["delta_cp"] = values.pop("delta_cp_deg") * pi / 180
    return values


def release_errors(release: str, ordering: str) -> dict[str, tuple[float, float]]:
    """Return the upper and the lower one-sigma error of each parameter for which a release has them.

    Both are positive, in the units of `release_values`.

    Examples
    --------
    >>> release_errors("nufit-6.0", "normal")["sin2_theta12"]
    (0.012, 0.011)
    """
    table = read_toml("oscillation.toml")[choice("release", release, releases())][ordering]
    errors = {key: (float(e["plus"]), float(e["minus"])) for key, e in table.items() if "plus" in e}
    if "delta_cp_deg" in errors:
        plus, minus = errors.pop("delta_cp_deg")
        errors["delta_cp"] = plus * pi / 180, minus * pi / 180
    return errors


class Neutrinos(eqx.Module):
    """Masses, mixing and nature of the neutrinos, three without a sterile one; immutable, a JAX pytree.

    The PMNS matrix is in the parametrisation of the Particle Data Group, with the Majorana phases as
    U_ei → U_ei exp(iα_i/2), α = (0, α_21, α_31).

    Parameters
    ----------
    lightest_mass
        Mass of ν_1 (normal ordering) or ν_3 (inverted), eV (10 meV are 0.01).
    ordering
        "normal" or "inverted".
    nature
        "dirac" or "majorana".
    release
        Global fit that gives every oscillation parameter not set below.
    majorana_phases
        α_21 and α_31, rad; without effect on Dirac neutrinos, whose fields absorb them.
    sin2_theta12, sin2_theta13, sin2_theta23
        sin²θ of the mixing angles.
    delta_cp
        Dirac phase, rad.
    dm2_21, dm2_31, dm2_32
        Mass splittings m_i² − m_j², eV²; dm2_31 goes with normal, dm2_32 (negative) with inverted ordering.
    dm2_41, sin2_theta14
        Of a fourth neutrino, which is sterile but for |U_e4|² = sin²θ_14: U = (PMNS ⊕ 1) after a rotation by
        θ_14; three neutrinos if left out.
    mixing
        U_αi in place of angles and phases, rows e, μ, τ: of shape (3, 3) and not unitary, or (3, 4) or (4, 4)
        with any mixing of ν_4. Σ_α U_αi U_αj* takes the place of δ_ij in the neutral current.

    Raises
    ------
    InputError
        For an unknown choice, a value out of range, or a splitting of the other ordering.

    Examples
    --------
    >>> nu = Neutrinos(lightest_mass=0.01)
    >>> nu.masses.round(6)
    Array([0.01    , 0.013225, 0.051118], dtype=float64)
    """

    lightest_mass: Scalar
    sin2_theta12: Scalar
    sin2_theta13: Scalar
    sin2_theta23: Scalar
    delta_cp: Scalar
    dm2_21: Scalar
    dm2_atmospheric: Scalar
    """Δm²_31 for normal ordering, Δm²_32 for inverted, eV²."""
    majorana_phases: tuple[Scalar, Scalar]
    dm2_41: Scalar | None
    sin2_theta14: Scalar | None
    mixing: Complex[Array | np.ndarray[Any, Any], "3 states"] | None
    ordering: str = eqx.field(static=True)
    nature: str = eqx.field(static=True)
    release: str = eqx.field(static=True)

    def __init__(
        self,
        lightest_mass: Any,
        ordering: Literal["normal", "inverted"] | str = "normal",
        nature: Literal["dirac", "majorana"] | str = "dirac",
        release: str = "nufit-6.0",
        majorana_phases: tuple[Any, Any] = (0.0, 0.0),
        *,
        sin2_theta12: Any = None,
        sin2_theta13: Any = None,
        sin2_theta23: Any = None,
        delta_cp: Any = None,
        dm2_21: Any = None,
        dm2_31: Any = None,
        dm2_32: Any = None,
        dm2_41: Any = None,
        sin2_theta14: Any = None,
        mixing: Any = None,
    ) -> None:
        self.ordering = choice("ordering", ordering, ORDERINGS)
        self.nature = choice("nature", nature, NATURES)
        values: dict[str, Any] = dict(release_values(release, self.ordering))
        self.release = release
        own, other = ("dm2_31", "dm2_32") if self.ordering == "normal" else ("dm2_32", "dm2_31")
        given = {
            "sin2_theta12": sin2_theta12,
            "sin2_theta13": sin2_theta13,
            "sin2_theta23": sin2_theta23,
            "delta_cp": delta_cp,
            "dm2_21": dm2_21,
            "dm2_31": dm2_31,
            "dm2_32": dm2_32,
        }
        if given[other] is not None:
            allowed = f"left out: {self.ordering} ordering is described by {own}"
            raise InputError(other, given[other], allowed)
        values.update({key: value for key, value in given.items() if value is not None})

        allowed = "a finite mass in eV, at least 0 and at most 10⁶"
        self.lightest_mass = number("lightest_mass", lightest_mass, allowed, low=0, high=1e6, unit="eV")
        for key in ("sin2_theta12", "sin2_theta13", "sin2_theta23"):
            allowed = "the sin² of an angle, between 0 and 1"
            setattr(self, key, number(key, values[key], allowed, low=0, high=1))
        allowed = "an angle in radians, between -2π and 2π"
        self.delta_cp = number("delta_cp", values["delta_cp"], allowed, low=-2 * pi, high=2 * pi, unit="rad")
        self.dm2_21 = number(
            "dm2_21", values["dm2_21"], "a splitting in eV² above 0", low=0, open_low=True, unit="eV**2"
        )
        self.dm2_atmospheric = _atmospheric_splitting(own, values[own], self.dm2_21)
        self.majorana_phases = _phases(majorana_phases)
        self.dm2_41 = self.sin2_theta14 = None
        if dm2_41 is not None:
            allowed = "m_4² − m_1² in eV², above 0"
            self.dm2_41 = number("dm2_41", dm2_41, allowed, low=0, open_low=True, unit="eV**2")
            if mixing is None:
                allowed = "|U_e4|², between 0 and 1, beside dm2_41"
                self.sin2_theta14 = number("sin2_theta14", sin2_theta14, allowed, low=0, high=1)
        if sin2_theta14 is not None and self.sin2_theta14 is None:
            raise InputError("sin2_theta14", sin2_theta14, "left out without dm2_41, and beside mixing")
        self.mixing = None if mixing is None else _given_mixing(mixing, self.states)

    @property
    def states(self) -> int:
        """How many mass eigenstates there are."""
        return 3 if self.dm2_41 is None else 4

    @property
    def neutral_current(self) -> Complex[Array, "states states"]:
        """Σ_α U_αi U_αj* of the neutral current: 1 for three neutrinos that mix among themselves."""
        if self.states == 3 and self.mixing is None:
            return jnp.eye(3, dtype=complex)
        U = self.mixing_matrix
        return U.T @ U.conj()

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the release, unless every parameter differs from it."""
        entry = read_toml("oscillation.toml")[self.release]
        released = release_values(self.release, self.ordering)
        released["dm2_atmospheric"] = released.pop("dm2_31" if self.ordering == "normal" else "dm2_32")
        used = any(_is(getattr(self, key), value) for key, value in released.items())
        return tuple(entry["references"]) if used else ()

    @property
    def masses(self) -> Float[Array, "states"]:
        """Masses of ν_1, ν_2, ν_3, eV; and of ν_4."""
        lightest, solar, atmospheric = map(_plain, (self.lightest_mass, self.dm2_21, self.dm2_atmospheric))
        if self.ordering == "normal":
            m1, m2, m3 = lightest, _heavier(lightest, solar), _heavier(lightest, atmospheric)
        else:
            m1, m2, m3 = _heavier(lightest, -atmospheric - solar), _heavier(lightest, -atmospheric), lightest
        every = [m1, m2, m3]
        if self.dm2_41 is not None:
            every.append(_heavier(m1, _plain(self.dm2_41)))
        return jnp.asarray(array_module(*every).stack(every), dtype=float)

    @property
    def mixing_matrix(self) -> Complex[Array, "3 states"]:
        """PMNS matrix U_αi, rows e, μ, τ; with the Majorana phases if the nature is "majorana"."""
        if self.mixing is not None:
            return jnp.asarray(self.mixing)
        squares = [_plain(s2) for s2 in (self.sin2_theta12, self.sin2_theta13, self.sin2_theta23)]
        xp = array_module(*squares, self.delta_cp, *self.majorana_phases)
        s12, s13, s23 = (xp.sqrt(s2) for s2 in squares)
        c12, c13, c23 = (xp.sqrt(1 - s2) for s2 in squares)
        phase = xp.exp(1j * _plain(self.delta_cp))
        pmns = xp.array(
            [
                [c12 * c13, s12 * c13, s13 / phase],
                [
                    -s12 * c23 - c12 * s23 * s13 * phase,
                    c12 * c23 - s12 * s23 * s13 * phase,
                    s23 * c13,
                ],
                [
                    s12 * s23 - c12 * c23 * s13 * phase,
                    -c12 * s23 - s12 * c23 * s13 * phase,
                    c23 * c13,
                ],
            ]
        )
        if self.nature == "majorana":
            pmns = pmns * xp.exp(0.5j * xp.array([0.0, *self.majorana_phases]))
        if self.sin2_theta14 is None:
            return jnp.asarray(pmns)
        square = _plain(self.sin2_theta14)
        rotation = array_module(pmns, square)
        active = rotation.array([rotation.sqrt(1 - square), 1.0, 1.0])
        fourth = rotation.array([rotation.sqrt(square), 0.0, 0.0])
        return jnp.asarray(rotation.concatenate([active[:, None] * pmns, fourth[:, None]], axis=1))


def observable_masses(masses: Any, row: Any) -> dict[str, Any]:
    """Return what others measure of masses, eV, by `MASSES`.

    Σm of cosmology, m_β = (Σ |U_ei|² m_i²)^½ of β decay, and m_ββ = |Σ U_ei² m_i| of double β decay.

    Parameters
    ----------
    masses
        m_i, shape (..., n), eV.
    row
        U_ei, shape (n,), with Majorana phases for m_ββ.

    Examples
    --------
    >>> nu = Neutrinos(0.01, nature="majorana")
    >>> {k: round(float(m), 4) for k, m in observable_masses(nu.masses, nu.mixing_matrix[0]).items()}
    {'sum': 0.0743, 'beta': 0.0133, 'double_beta': 0.0113}
    """
    xp = array_module(masses, row)
    parts = (row**2 * masses).sum(-1)
    return {
        "sum": masses.sum(-1),
        "beta": xp.sqrt((abs(row) ** 2 * masses**2).sum(-1)),
        "double_beta": xp.sqrt(parts.real**2 + parts.imag**2 + _NONE),
    }


_MEASURED = ("sin2_theta12", "sin2_theta13", "sin2_theta23", "delta_cp", "dm2_21", "dm2_atmospheric")
_FURTHER = ("dm2_41", "sin2_theta14", "mixing")


def alike(neutrinos: Neutrinos, ordering: str, nature: str) -> Neutrinos:
    """Return the same neutrinos in another ordering, whose release says the rest, or of another nature.

    Examples
    --------
    >>> own = Neutrinos(0.01, sin2_theta12=0.3)
    >>> alike(own, "normal", "majorana").sin2_theta12, alike(own, "inverted", "dirac").sin2_theta12
    (0.3, 0.308)
    """
    mass, phases = float(neutrinos.lightest_mass), neutrinos.majorana_phases
    found = Neutrinos(mass, ordering, nature, neutrinos.release, phases)
    kept = (*_FURTHER, *(_MEASURED if ordering == neutrinos.ordering else ()))
    same: Neutrinos = eqx.tree_at(
        lambda one: [getattr(one, name) for name in kept],
        found,
        [getattr(neutrinos, name) for name in kept],
        is_leaf=lambda x: x is None,
    )
    return same


def with_values(neutrinos: Neutrinos, values: dict[str, Array]) -> Neutrinos:
    """Return the neutrinos with some parameters replaced; nothing is checked.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> with_values(Neutrinos(0.01), {"lightest_mass": jnp.array(0.02)}).masses[0]
    Array(0.02, dtype=float64)
    """
    replaced: Neutrinos = eqx.tree_at(
        lambda nu: [_get(nu, name) for name in values], neutrinos, list(values.values())
    )
    return replaced


def value_of(neutrinos: Neutrinos, name: str) -> Scalar:
    """Return a parameter of the neutrinos by the name that `Nuisances` has for it.

    Examples
    --------
    >>> value_of(Neutrinos(0.01), "dm2_31")
    0.002513
    """
    value = _get(neutrinos, name)
    return value if is_traced(value) else float(value)


def _get(neutrinos: Neutrinos, name: str) -> Scalar:
    if name in _PHASES:
        return neutrinos.majorana_phases[_PHASES.index(name)]
    value: Scalar = getattr(neutrinos, "dm2_atmospheric" if name in ("dm2_31", "dm2_32") else name)
    return value


def neutrino_names(neutrinos: Neutrinos) -> tuple[str, ...]:
    """Return the names of all parameters that these neutrinos have.

    Examples
    --------
    >>> neutrino_names(Neutrinos(0.01))[0]
    'lightest_mass'
    """
    further = [name for name in ("dm2_41", "sin2_theta14") if getattr(neutrinos, name) is not None]
    names = ("lightest_mass", *release_values(neutrinos.release, neutrinos.ordering), *further)
    return (*names, *_PHASES) if neutrinos.nature == "majorana" else names


def _plain(value: Scalar) -> Any:
    """Return a known array of JAX as NumPy's: inside a compiled function what comes of it would be traced."""
    return value if is_traced(value) else np.asarray(value)


def _is(value: Scalar, number: float) -> bool:
    return is_traced(value) or bool(value == number)


def _heavier(mass: Scalar, dm2: Scalar) -> Any:
    """Return √(m² + Δm²), under jit the same to the last digit, which thresholds show."""
    if array_module(mass, dm2) is np:
        return _root_of_sum(mass, dm2)
    return _traced_heavier(jnp.asarray(mass, dtype=float), jnp.asarray(dm2, dtype=float))


def _root_of_sum(mass: Any, dm2: Any) -> Any:
    square, square_error = two_product(mass, mass)
    total, total_error = two_sum(square, dm2)
    return array_module(total).sqrt(total + (total_error + square_error))


_traced_heavier = jax.custom_jvp(_root_of_sum)


@_traced_heavier.defjvp
def _heavier_jvp(primals: Any, tangents: Any) -> tuple[Float[Array, ""], Float[Array, ""]]:
    (mass, dm2), (dmass, ddm2) = primals, tangents
    heavier: Any = _traced_heavier(mass, dm2)
    return heavier, (mass * dmass + ddm2 / 2) / heavier


def _atmospheric_splitting(name: str, value: Any, dm2_21: Scalar) -> Scalar:
    if name == "dm2_31":
        result = number(name, value, "m_3² − m_1² in eV², above 0", low=0, open_low=True, unit="eV**2")
        if not is_traced(result, dm2_21) and result < dm2_21:
            raise InputError(name, result, f"at least dm2_21 = {dm2_21} eV² for normal ordering")
        return result
    result = number(name, value, "m_3² − m_2² in eV², below 0 for inverted ordering", high=0, unit="eV**2")
    if not is_traced(result, dm2_21) and result + dm2_21 >= 0:
        raise InputError(name, result, f"below −dm2_21 = {-dm2_21} eV² for inverted ordering")
    return result


def _given_mixing(mixing: Any, states: int) -> Any:
    allowed = f"rows e, μ, τ of finite numbers U_αi, of shape (3, {states})"
    if is_traced(mixing):
        return mixing
    try:
        found = np.asarray(mixing, dtype=complex)
    except (TypeError, ValueError):
        raise InputError("mixing", shown(mixing), allowed) from None
    if found.shape not in ((3, states), (states, states)) or not np.all(np.isfinite(found)):
        raise InputError("mixing", shown(mixing), allowed)
    return found[:3]


def _phases(phases: Any) -> tuple[Scalar, Scalar]:
    allowed = "two angles in radians (α_21, α_31), each between -4π and 4π"
    listed = isinstance(phases, (list, tuple))  # of which some may be traced
    if isinstance(phases, str) or not (listed or np.ndim(phases) == 1) or len(phases) != 2:
        raise InputError("majorana_phases", phases, allowed)
    first, second = (
        number("majorana_phases", phase, allowed, low=-4 * pi, high=4 * pi, unit="rad") for phase in phases
    )
    return first, second
