"""What is known of the masses from elsewhere: their sum, m_β and m_ββ over the lightest mass."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.errors import InputError
from renp.neutrinos import Neutrinos, observable_masses
from renp.results.base import Result, provenance
from renp.results.columns import Column
from renp.validation import instance, within

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KNOWN = {"sum": 0.12, "beta": 0.45, "double_beta": 0.122}
"""Upper limits, eV: cosmology (Planck 2018 with baryon oscillations, 95 %), KATRIN 2024 (90 %), KamLAND-Zen
2024 (90 %, the weakest of its nuclear matrix elements); from memory."""

_NAMES = {
    "sum": (r"$\Sigma m$, cosmology", "#0072B2"),
    "beta": (r"$m_\beta$, KATRIN", "#D55E00"),
    "double_beta": (r"$m_{\beta\beta}$, KamLAND-Zen", "#009E73"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class MassCurves(Result):
    """Σm, m_β and the range of m_ββ over its phases, for the ordering and the mixing of some neutrinos."""

    lightest_mass: Reals
    """eV, shape (n,)."""
    sum: Reals
    """m_1 + m_2 + m_3, eV."""
    beta: Reals
    """(Σ |U_ei|² m_i²)^½, of β decay, eV."""
    double_beta: Reals
    """Least and greatest |Σ U_ei² m_i| of any phases, of neutrinoless double β decay, eV, shape (2, n)."""
    ordering: str
    """Of the masses."""

    columns = (
        Column("lightest_mass", ("lightest_mass",), "lightest mass", "eV"),
        Column("sum", ("lightest_mass",), "sum", "eV"),
        Column("beta", ("lightest_mass",), "m_β", "eV"),
        Column(lambda of: of.double_beta[0], ("lightest_mass",), "m_ββ from", "eV", name="double_beta_low"),
        Column(lambda of: of.double_beta[1], ("lightest_mass",), "to", "eV", name="double_beta_high"),
        Column("double_beta", json="double_beta", name=""),
        Column("ordering"),
    )

    @classmethod
    def compute(cls, neutrinos: Neutrinos, lightest_mass: ArrayLike | None = None) -> "MassCurves":
        """Return the curves; from 10⁻⁴ to 1 eV if no lightest masses are given.

        Raises
        ------
        InputError
            For masses that are not at least 0.

        Examples
        --------
        >>> found = MassCurves.compute(Neutrinos(0.01), [0.0, 0.01])
        >>> found.sum.round(4), found.beta.round(4), found.double_beta[:, 0].round(4)
        (array([0.0588, 0.0743]), array([0.0088, 0.0133]), array([0.0015, 0.0037]))
        """
        instance("neutrinos", neutrinos, Neutrinos)
        given = np.geomspace(1e-4, 1, 121) if lightest_mass is None else lightest_mass
        at = np.atleast_1d(
            np.asarray(within("lightest_mass", given, "masses in eV, at least 0", low=0.0, unit="eV"))
        )
        if at.ndim != 1:
            raise InputError("lightest_mass", given, "a list of masses in eV")
        squares = np.square(np.asarray(neutrinos.masses))
        first = 0 if neutrinos.ordering == "normal" else 2
        m = np.sqrt(np.maximum(squares - squares[first], 0) + at[:, None] ** 2)
        row = np.abs(np.asarray(neutrinos.mixing_matrix)[0])
        parts, found = row**2 * m, observable_masses(m, row)
        whole = found["double_beta"]
        return cls(
            lightest_mass=at,
            sum=found["sum"],
            beta=found["beta"],
            double_beta=np.array([np.maximum(2 * parts.max(axis=1) - whole, 0), whole]),
            ordering=neutrinos.ordering,
            made_by=provenance(neutrinos=neutrinos),
        )

    @property
    def title(self) -> str:
        """For which ordering."""
        return f"Masses, {self.ordering} ordering"

    def _draw(self) -> "Figure":
        """Return the curves with the upper limits of others."""
        from renp.results.curve_labels import label_curves
        from renp.results.style import subplots

        figure, ((axes,),) = subplots((6.8, 4.6))
        for name, (label, colour) in _NAMES.items():
            values = getattr(self, name)
            if values.ndim == 2:
                shown = np.maximum(values, 1e-5)
                axes.fill_between(self.lightest_mass, *shown, color=colour, alpha=0.25, linewidth=0)
                values = shown[1]
            axes.plot(self.lightest_mass, values, color=colour, label=label)
            axes.axhline(KNOWN[name], color=colour, linestyle=(0, (4, 2)), linewidth=0.9, label="_limit")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(self.lightest_mass[0] or None, self.lightest_mass[-1])
        axes.set_ylim(1e-4, 5)
        axes.set_xlabel("lightest mass (eV)")
        axes.set_ylabel("mass (eV); dashed: upper limit")
        label_curves(axes)
        return figure
