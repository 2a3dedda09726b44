"""Runs: for each of them a photon energy, a time, a background, an efficiency, and their errors.

What a column is stands here once: its name and unit, what is allowed, and the value if left out. Checks, the
headings of CSV files and plans follow from it; `renp.Experiment` and the scenario's [[run]] have the names.
"""

import dataclasses
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp.atoms.spin import HELICITIES
from renp.errors import InputError
from renp.printed import printed
from renp.units import plain
from renp.validation import Scalar, is_traced, photon_energies, reals

Values: TypeAlias = Float[Array | np.ndarray[Any, Any], "n"]
"""One number for each run: of NumPy unless it is traced, so that compiling finds it known."""


class Column(NamedTuple):
    """What one number of every run is."""

    unit: str
    """As text, or empty."""
    allowed: str
    """In words, for messages."""
    default: float | None = None
    """For all runs, if left out."""
    most: float = np.inf
    """The largest that is allowed."""
    required: bool = False
    least: float = 0.0
    words: tuple[tuple[str, float], ...] = ()
    """That stand for numbers."""


def _column(*args: Any, **kwargs: Any) -> Any:
    return eqx.field(metadata={"column": Column(*args, **kwargs)})


class Runs(eqx.Module):
    """Numbers of each run; immutable, a JAX pytree. Nothing is checked: `Runs.checked` does.

    Examples
    --------
    >>> runs = Runs.checked(2.23, photon_energy=[1.068, 1.07], duration=86400.0)
    >>> len(runs), runs.duration, runs.efficiency_error
    (2, array([86400., 86400.]), array([0., 0.]))

    Control counts say what the background is, unless it is given besides:

    >>> known = {"control_counts": 30, "control_ratio": 3}
    >>> Runs.checked(2.23, photon_energy=1.068, duration=86400.0, **known).background * 86400
    array([10.])
    """

    photon_energy: Values = _column("eV", "photon energies in eV", required=True)
    duration: Values = _column("s", "a time in s, at least 0", required=True)
    background: Values = _column("1/s", "a rate in 1/s, at least 0", 0.0)
    efficiency: Values = _column("", "a part, from 0 to 1", 1.0, 1.0)
    background_error: Values = _column("", "relative, from 0 to 1: 5 % is 0.05", 0.0, 1.0)
    efficiency_error: Values = _column("", "relative, from 0 to 1: 5 % is 0.05", 0.0, 1.0)
    counts: Values | None = _column("", "a number of counts, at least 0")
    control_ratio: Values = _column("", "a ratio, at least 0", 0.0)
    control_counts: Values | None = _column("", "a number of counts, at least 0")
    polarisation: Values | None = _column(
        "",
        "'linear', 'left' or 'right', or how much more is right than left, from -1 to 1",
        most=1.0,
        least=-1.0,
        words=(*HELICITIES.items(), ("linear", 0)),
    )
    """Of the light; None is the atom's own for all."""

    def __repr__(self) -> str:
        return printed(self)

    @classmethod
    def checked(cls, E_vg: Scalar, **columns: Any) -> "Runs":
        """Return runs of columns by name, each one value for all runs or one for each.

        Parameters
        ----------
        E_vg
            Of the atom, eV, which photon energies must be below.
        columns
            Numbers; traced ones pass unchecked.

        Raises
        ------
        InputError
            Naming the column, and the first run whose value is not allowed.

        Examples
        --------
        >>> Runs.checked(2.23, photon_energy=[1.068, 1.07], duration=[1.0, -1.0])
        Traceback (most recent call last):
        renp.errors.InputError: duration[1] = -1.0: must be a time in s, at least 0
        """
        checked = photon_energies(columns.pop("photon_energy"), E_vg, "photon_energy")
        energies: Any = checked if is_traced(checked) else np.asarray(checked)
        energies = energies if energies.ndim else energies[None]
        if energies.ndim != 1:
            raise InputError(
                "photon_energy", f"an array of shape {energies.shape}", "a list, one for each run"
            )
        given = {name: columns.get(name, column.default) for name, column in COLUMNS.items()}
        given["photon_energy"] = energies
        full: Any = {name: _per_run(name, value, energies.shape[0]) for name, value in given.items()}
        if full["control_counts"] is not None:
            full["background"] = _estimated(full)
        return cls(**full)

    @property
    def lights(self) -> tuple[str, ...] | None:
        """Words for the light of each run; None where it is the atom's.

        Examples
        --------
        >>> Runs.checked(2.23, photon_energy=[1.0, 1.07], duration=1.0, polarisation=["left", 0.5]).lights
        ('left', '0.5')
        """
        if self.polarisation is None:
            return None
        words = {number: word for word, number in COLUMNS["polarisation"].words}
        return tuple(words.get(float(x), f"{x:g}") for x in self.polarisation)

    def __len__(self) -> int:
        return int(self.photon_energy.shape[0])

    def rows(self, indices: Any) -> "Runs":
        """Return some of the runs, in the order of their places.

        Examples
        --------
        >>> runs = Runs.checked(2.23, photon_energy=[1.068, 1.07], duration=86400.0)
        >>> runs.rows([1, 1, 0]).photon_energy
        array([1.07 , 1.07 , 1.068])
        """
        known = not is_traced(indices)
        some: Runs = jax.tree.map(lambda column: (column if known else jnp.asarray(column))[indices], self)
        return some

    def padded(self, length: int) -> "Runs":
        """Return as many runs as ``length``, the last one repeated without duration and counts of any kind.

        Examples
        --------
        >>> runs = Runs.checked(2.23, photon_energy=[1.068], duration=86400.0, counts=[12])
        >>> longer = runs.padded(3)
        >>> longer.photon_energy, longer.duration, longer.counts
        (array([1.068, 1.068, 1.068]), array([86400.,     0.,     0.]), array([12.,  0.,  0.]))
        """

        def pad(name: str) -> Any:
            repeated = len(self) and name not in ("duration", "counts", "control_counts")
            column = getattr(self, name)
            return np.pad(column, (0, length - len(self)), mode="edge" if repeated else "constant")

        columns: Any = {name: None if getattr(self, name) is None else pad(name) for name in COLUMNS}
        return Runs(**columns)

    def joined(self, other: "Runs") -> "Runs":
        """Return the runs of both.

        Raises
        ------
        InputError
            If one has counts, or control counts, and the other has none.

        Examples
        --------
        >>> one = Runs.checked(2.23, photon_energy=[1.068], duration=86400.0)
        >>> one.joined(one).photon_energy
        array([1.068, 1.068])
        """
        for name in ("counts", "control_counts", "polarisation"):
            if (getattr(self, name) is None) != (getattr(other, name) is None):
                raise InputError(name, None, "given for all runs that are joined, or for none")
        both: Runs = jax.tree.map(lambda *columns: np.concatenate(columns), self, other)
        return both


COLUMNS: dict[str, Column] = {field.name: field.metadata["column"] for field in dataclasses.fields(Runs)}
"""By name, in the order in which they are shown."""


def _per_run(name: str, value: Any, n: int) -> Values | None:
    column = COLUMNS[name]
    if value is None and not column.required:
        return None
    if is_traced(value):
        return jnp.broadcast_to(value, (n,))
    given = _numbers(plain(name, value, column.unit), dict(column.words))
    values = reals(name, given, column.allowed, column.unit)
    if values.shape not in ((), (n,)):
        given = f"{values.size} values" if values.ndim == 1 else f"an array of shape {values.shape}"
        raise InputError(name, given, f"one value, or one for each of {n} runs")
    wrong = ~(np.isfinite(values) & (values >= column.least) & (values <= column.most))
    if np.any(wrong):
        k = np.argmax(wrong)
        raise InputError(f"{name}[{k}]" if values.ndim else name, values.ravel()[k], column.allowed)
    return np.broadcast_to(values, (n,)).copy()


def _numbers(value: Any, words: dict[str, float]) -> Any:
    """Return one value or a list of them with the numbers that words stand for."""
    if words and (isinstance(value, str) or np.asarray(value).dtype.kind in "OU"):
        return words.get(value, value) if isinstance(value, str) else [words.get(x, x) for x in value]
    return value


def _estimated(columns: dict[str, Any]) -> Values:
    """Return the backgrounds, from the control counts n where none is given: n/(τT)."""
    counts, ratio, given = (columns[name] for name in ("control_counts", "control_ratio", "background"))
    time = ratio * columns["duration"]
    if is_traced(counts, ratio, time, given):
        return jnp.where(given > 0, given, jnp.where(time > 0, counts / jnp.where(time > 0, time, 1.0), 0.0))
    if np.any(wrong := (counts > 0) & (ratio == 0)):
        k = int(np.argmax(wrong))
        raise InputError(f"control_ratio[{k}]", 0.0, "above 0 where there are control counts")
    # A time of 10⁻³⁰⁰ s is none.
    estimate = np.divide(counts, time, out=np.zeros_like(given), where=time > 1e-250 * (1 + counts))
    found: Values = np.where(given > 0, given, estimate)
    return found
