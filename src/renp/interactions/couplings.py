"""The eight coupling matrices of the neutrino current, and what may contribute to them.

An interaction is nothing but a contribution to the couplings: it takes its parameters, the neutrinos and
q², and returns the eight matrices. One formula (`renp.formula.master_formula`) turns them into a spectrum.

=========  =====================================  =======================================  ====
couplings  current of the neutrinos               met by the electron's                    unit
=========  =====================================  =======================================  ====
V, A       ν̄_i γ^μ (V + A γ5) ν_j                 axial current, 2S                        1, in √2 G_F
s, p       ν̄_i (s + p γ5) ν_j                     pseudoscalar density, i q·S/m_e          1/eV
mu, eps    magnetic and electric dipole           magnetisation current, via the photon    1/eV
F, G       charge (with its radius), anapole      magnetisation current, via the photon    1
=========  =====================================  =======================================  ====

The neutrino's vertex to the photon is γ_m (F + Gγ5) + iσ_mβ q^β (mu + eps γ5), q = p_i + p_j.

An electric moment ε as usually defined, hermitian and with the vertex −iσq (μ + iε γ5), is eps = iε.

Matrices are in the basis of mass eigenstates, in the papers' phase convention, a_ij = U_ei U_ej* for
the charged current: fields are related by ν_α = Σ_i U*_αi ν_i. In the convention ν_α = Σ_i U_αi ν_i
every matrix of the table is the complex conjugate of the one used here.

Majorana neutrinos have the amplitude ū_i Γ_ij v_j − ū_j Γ_ji v_i. With v = C ūᵀ it is that of the
effective couplings X + η Xᵀ, η = `MAJORANA_SIGN`, to be summed over half of the ordered pairs.
"""

import abc
import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex

from renp._types import Matrix
from renp.errors import InputError, shown
from renp.neutrinos import Neutrinos
from renp.references import references_of
from renp.validation import Scalar, instance, is_traced, listed, matrix, number

NAMES = ("V", "A", "s", "p", "mu", "eps", "F", "G")

MAJORANA_SIGN = {"V": -1, "A": 1, "s": 1, "p": 1, "mu": -1, "eps": -1, "F": -1, "G": 1}
"""η of ν̄_i Γ ν_j = η ν̄_j Γ ν_i for Majorana fields."""


class ElectronCoupling(NamedTuple):
    """How electrons couple to the particle that an interaction exchanges, for the bounds of others."""

    kind: Literal["axial", "pseudoscalar"]
    """g ē γ^μ γ5 e Z'_μ, or y ē iγ5 e φ."""
    value: Scalar
    """g or y."""
    mass: Scalar
    """Of the particle, eV."""


class Interaction(eqx.Module):
    """What all interactions are: parameters in, couplings out; immutable, JAX pytrees.

    A new interaction is a subclass with one method, `couplings`. Interactions add to a `Model`;
    their amplitudes interfere. With a `kind`, scenario files know it by that name: the keys of its table
    are the arguments of the constructor.

    Examples
    --------
    >>> import renp
    >>> class OnlyVector(renp.Interaction):
    ...     strength: float
    ...     def couplings(self, neutrinos, q2):
    ...         return renp.Couplings(V=self.strength * jnp.eye(3))
    >>> model = renp.Weak() + OnlyVector(0.1)
    """

    kind: ClassVar[str] = ""
    """Name in scenario files."""
    units: ClassVar[Mapping[str, str]] = {}
    """Unit of each argument that is a quantity; scenario files give it with a unit."""
    coupling_unit: ClassVar[str] = ""
    """Unit of the numbers that multiply the interactions of its `directions`."""
    cites: ClassVar[tuple[str, ...]] = ()
    """What the formula rests on: keys of ``data/references.bib``, or BibTeX entries of one's own."""

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the interaction."""
        return self.cites

    @abc.abstractmethod
    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> "Couplings":
        """Return the effective couplings for the neutrinos' nature at one q² (eV²)."""

    def check(self, neutrinos: Neutrinos) -> None:
        """Raise `InputError` if the parameters make no sense for these neutrinos."""
        del neutrinos

    def poles(self) -> list[float]:
        """Return the values of q² (eV²) at which the couplings diverge."""
        return []

    def electron_coupling(self) -> ElectronCoupling | None:
        """Return the electron's coupling to what is exchanged, which stars and the electron's moment limit.

        None where there is none, or it is not known: the couplings have only its product with the neutrinos'.
        """
        return None

    def directions(self) -> tuple["Coupling", ...]:
        """Return what a fit may vary: couplings whose values times interactions add up to this interaction.

        One, the interaction as a whole, unless a subclass has more.

        Examples
        --------
        >>> import renp
        >>> (moment,) = renp.MagneticMoment({(1, 2): 3e-11}).directions()
        >>> moment.name, moment.interaction, moment.value
        ('magnetic-moment 12', MagneticMoment(elements={(1, 2): 1.0}), 3e-11)
        """
        return (Coupling(self.family, "strength", self, 1.0),)

    @property
    def family(self) -> str:
        """What its couplings are called: its kind, or the name of a class without one."""
        return self.kind or type(self).__name__.lower()

    def __repr__(self) -> str:
        """Return the constructor's call: matrices as the dict of their elements that are not zero."""
        names = list(inspect.signature(type(self)).parameters)
        if not all(hasattr(self, name) for name in names):  # a constructor of another form
            names = [field.name for field in dataclasses.fields(self)]
        shown = (f"{name}={_show(getattr(self, name))}" for name in names)
        return f"{type(self).__name__}({', '.join(shown)})"

    def __rmul__(self, strength: Scalar) -> "Interaction":
        """Return the interaction with its amplitude multiplied by a real number."""
        return Scaled(number("strength", strength, "a finite number"), self)

    __mul__ = __rmul__

    def __add__(self, other: "Interaction") -> "Model":
        if not isinstance(other, Interaction):
            return NotImplemented
        return Model(_terms(self) + _terms(other))


class Scaled(Interaction):
    """An interaction whose amplitude is multiplied by a real strength.

    Examples
    --------
    >>> import renp
    >>> 2.0 * renp.MagneticMoment({(1, 1): 3e-11})
    2.0 * MagneticMoment(elements={(1, 1): 3e-11})
    """

    strength: Scalar
    interaction: Interaction

    def __repr__(self) -> str:
        return f"{self.strength} * {self.interaction!r}"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> "Couplings":
        """Return the interaction's couplings times the strength."""
        unscaled = self.interaction.couplings(neutrinos, q2)
        return Couplings(
            **{name: self.strength * x for name in NAMES if (x := getattr(unscaled, name)) is not None}
        )

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the interaction's references."""
        return self.interaction.references

    def check(self, neutrinos: Neutrinos) -> None:
        """Check the interaction."""
        type(self.interaction).check(self.interaction, neutrinos)

    def poles(self) -> list[float]:
        """Return the interaction's poles."""
        return type(self.interaction).poles(self.interaction)


class Model(Interaction):
    """A sum of interactions.

    Parameters
    ----------
    interactions
        The terms; made by adding interactions.

    Examples
    --------
    >>> import renp
    >>> renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11})
    Weak() + MagneticMoment(elements={(1, 1): 3e-11})
    """

    interactions: tuple[Interaction, ...]

    def __init__(self, interactions: Any) -> None:
        self.interactions = listed("interactions", interactions, "a list of interactions")
        for k, one in enumerate(self.interactions):
            instance(f"interactions[{k}]", one, Interaction)

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.interactions))

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> "Couplings":
        """Return the sum of the interactions' couplings."""
        total = Couplings()
        for interaction in self.interactions:
            total = total.plus(interaction.couplings(neutrinos, q2))
        return total

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of every interaction's references."""
        return references_of(self.interactions)

    def check(self, neutrinos: Neutrinos) -> None:
        """Check every interaction."""
        for interaction in self.interactions:
            type(interaction).check(interaction, neutrinos)  # Equinox takes 20 µs to bind a method

    def poles(self) -> list[float]:
        """Return the poles of every interaction."""
        return [pole for one in self.interactions for pole in type(one).poles(one)]


class Coupling(eqx.Module):
    """A real number that fits vary and limits are set on, known by what it multiplies: immutable, a pytree.

    Examples
    --------
    >>> import renp
    >>> mu = renp.Coupling("magnetic-moment", "11", renp.MagneticMoment({(1, 1): 1.0}))
    >>> mu.name, mu.unit
    ('magnetic-moment 11', 'μ_B')
    """

    kind: str = eqx.field(static=True)
    """What couplings of one sort share; empty for one that has a name of its own."""
    label: str = eqx.field(static=True)
    """Which one of them; the whole name where there is no kind."""
    interaction: Interaction
    """Its amplitude is multiplied by the coupling."""
    value: Scalar = 0.0
    """The number itself, in the model that the coupling was taken from; fits and limits leave it aside."""

    def __check_init__(self) -> None:
        for what in ("kind", "label"):
            if not isinstance(text := getattr(self, what), str):
                raise InputError(f"{what} of a coupling", shown(text), "text")
        if not isinstance(self.interaction, Interaction):
            raise InputError(f"interaction of {self.name!r}", shown(self.interaction), "an interaction")

    @property
    def name(self) -> str:
        """Kind and label, or the label alone."""
        return f"{self.kind} {self.label}" if self.kind else self.label

    @property
    def unit(self) -> str:
        """Unit of the number."""
        return self.interaction.coupling_unit

    @property
    def family(self) -> str:
        """Under what results list it: its kind, or without one that of the interaction."""
        return self.kind or self.interaction.family

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the interaction."""
        return self.interaction.references


def padded(x: Matrix, states: int) -> Complex[Array, "more more"]:
    """Return a matrix with rows and columns of zeros for further mass eigenstates.

    Examples
    --------
    >>> padded(jnp.eye(3, dtype=complex), 4).shape
    (4, 4)
    """
    return jnp.pad(x, (0, states - len(x))) if states > len(x) else x


def _show(value: Any) -> str:
    if isinstance(value, (Array, np.ndarray)) and not is_traced(value):
        if value.shape == (3, 3):
            known = np.asarray(value)
            return repr({(int(i) + 1, int(j) + 1): _number(known[i, j]) for i, j in np.argwhere(known)})
        if value.shape == ():
            return repr(_number(value))
    return repr(value)


def _number(value: Any) -> float | complex:
    number = complex(value)
    return number if number.imag else number.real


def _terms(interaction: Interaction) -> tuple[Interaction, ...]:
    return interaction.interactions if isinstance(interaction, Model) else (interaction,)


class Couplings(Interaction):
    """The eight matrices themselves: effective couplings, used as given, for anyone's own model.

    Parameters
    ----------
    V, A
        Vector and axial couplings, in units of √2 G_F.
    s, p
        Scalar and pseudoscalar couplings, 1/eV.
    mu, eps
        Magnetic and electric dipole moments, 1/eV (a moment in μ_B times `renp.constants.BOHR_MAGNETON`);
        eps is iε of an electric moment ε.
    F, G
        Charge and anapole form factors at q², in units of 1 (e = 0.303).

    Each is a 3×3 matrix in the mass basis (4×4 with a fourth neutrino), the dict {(i, j): value} of its
    elements, or left out: elements that are not given are 0, none follows from another. For Majorana
    neutrinos these are the effective couplings X + η Xᵀ of the table above; nothing is symmetrised, and what
    is not of that form is refused where it is used.

    Raises
    ------
    InputError
        If a matrix is not 3×3 or not finite.

    Examples
    --------
    >>> Couplings(V=jnp.eye(3)).V[0, 0]
    Array(1.+0.j, dtype=complex128)
    """

    kind: ClassVar[str] = "couplings"

    V: Matrix | None
    A: Matrix | None
    s: Matrix | None
    p: Matrix | None
    mu: Matrix | None
    eps: Matrix | None
    F: Matrix | None
    G: Matrix | None

    def __init__(
        self,
        V: Any = None,
        A: Any = None,
        s: Any = None,
        p: Any = None,
        mu: Any = None,
        eps: Any = None,
        F: Any = None,
        G: Any = None,
    ) -> None:
        for name, value in zip(NAMES, (V, A, s, p, mu, eps, F, G), strict=True):
            square = None if value is None else matrix(name, value, sizes=(3, 4))
            setattr(self, name, None if value is None else jnp.asarray(square))

    def __repr__(self) -> str:
        given = {name: x for name in NAMES if (x := getattr(self, name)) is not None}
        shown = (f"{n}={x!r}" if is_traced(x) else f"{n}={np.asarray(x).tolist()}" for n, x in given.items())
        return f"Couplings({', '.join(shown)})"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> "Couplings":
        """Return these couplings."""
        del neutrinos, q2
        return self

    def check(self, neutrinos: Neutrinos) -> None:
        """Raise `InputError` for a matrix of more neutrinos than there are."""
        for name in NAMES:
            if (x := getattr(self, name)) is not None and len(x) > neutrinos.states:
                raise InputError(name, f"a {len(x)}×{len(x)} matrix", "of three neutrinos, 3×3")

    def plus(self, other: "Couplings") -> "Couplings":
        """Return the sum, matrix by matrix."""
        merged = {}
        for name in NAMES:
            terms = [x for x in (getattr(self, name), getattr(other, name)) if x is not None]
            terms = [padded(x, max(map(len, terms))) for x in terms]
            merged[name] = sum(terms[1:], terms[0]) if terms else None
        return Couplings(**merged)

    def get(self, name: str) -> Matrix:
        """Return one matrix, zero where it was left out."""
        value = getattr(self, name)
        return jnp.zeros((3, 3), dtype=complex) if value is None else value

    def majorana(self, factor: float = 1.0) -> "Couplings":
        """Return the effective couplings of Majorana neutrinos, factor · (X + η Xᵀ).

        ``factor`` is 1 for an interaction written without a factor 1/2 in the Lagrangian, and
        1/2 for one written with it.
        """
        return Couplings(
            **{
                name: factor * (x + MAJORANA_SIGN[name] * x.T)
                for name in NAMES
                if (x := getattr(self, name)) is not None
            }
        )
