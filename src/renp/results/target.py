"""One cycle of a prepared target: η(t), its mean, and maps of coherence and fields over space and time."""

from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.errors import InputError
from renp.experiment import Target
from renp.results.base import Control, Result, provenance
from renp.results.columns import Column
from renp.results.table import Table
from renp.target.preparation import Cycle, cycle_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 24
"""Rows of the printed table."""

_STALE = 0.01
"""Share of excited atoms that a next cycle would notice."""

_MAPS = (("coherence", r"$|\rho_{eg}|$"), ("right", r"$|a_R|^2$"), ("left", r"$|a_L|^2$"))


@dataclass(frozen=True, eq=False, kw_only=True)
class TargetCycle(Result):
    """η over one cycle, and what it is made of; maps are those of the innermost ring."""

    atom: str
    """Name."""
    time: Reals
    """Since the first pulse began, s."""
    dynamical_factor: Reals
    """η at these times."""
    gain_length: Reals
    """The largest ∫κ dz at these times; above π/2 the target empties itself."""
    mean_dynamical_factor: float
    """Over all time, while the gate is open: that of `Target`."""
    duty_cycle: float
    """∫η dt over the cycle, in units of the largest η and the cycle's length."""
    open_share: float
    """Share of the time in which photons are counted."""
    signal_share: Reals
    """Share of the signal's counts that have come by these times, while the gate is open."""
    polarisability: float
    """α_eg, atomic units."""
    length: float
    """cm."""
    period: float
    """Of a cycle, s."""
    moment: Reals
    """Times of the maps, s: while there are pulses or the target empties itself."""
    place: Reals
    """Places of the maps, cm."""
    coherence: Reals
    """|ρ_eg| there, shape (moment, place)."""
    right: Reals
    """Photons for each atom of the field that runs to the right, there."""
    left: Reals
    """The same of the field that runs to the left."""
    trigger_photons: float
    """n_γ V."""
    compensated: bool
    """Whether shifts of the levels by the light are left out."""
    excited: float
    """The largest share of atoms that is still in |e⟩ when the next cycle begins."""

    columns = (
        Column("atom"),
        Column("time", ("time",), "time", "s"),
        Column("dynamical_factor", ("time",), "η"),
        Column("gain_length", ("time",), "gain length"),
        Column("signal_share", ("time",), "signal so far"),
        Column("mean_dynamical_factor"),
        Column("duty_cycle"),
        Column("open_share"),
        Column("polarisability"),
        Column("moment", ("moment",), unit="s", json=""),
        Column("place", ("place",), unit="cm", json=""),
        Column("coherence", ("moment", "place"), json=""),
        Column("right", ("moment", "place"), json=""),
        Column("left", ("moment", "place"), json=""),
        Column("diagnosis", name=""),
    )
    controls = (Control("profile", "moment", lambda of: of.profiles),)

    @classmethod
    def compute(cls, atom: Atom, target: Target) -> "TargetCycle":
        """Return the cycle of a target that has a preparation.

        Raises
        ------
        InputError
            If it has none.

        Examples
        --------
        >>> import renp
        >>> ready = renp.Preparation(length=1.0, repetition=10.0, coherence=0.5, dephasing_time=1e-3)
        >>> atom = renp.Atom.named("Yb")
        >>> cycle = TargetCycle.compute(atom, renp.Target.from_preparation(ready, atom))
        >>> round(cycle.mean_dynamical_factor, 6), round(cycle.duty_cycle, 6)
        (0.005, 0.005)
        """
        if target.preparation is None:
            raise InputError("target", "one without a preparation", "made by Target.from_preparation")
        densities = {name: getattr(target, name) for name in ("density", "photon_density", "volume")}
        cycle = cycle_of(target.preparation, atom, **densities)
        largest = float(cycle.factor.max())
        preparation = cycle.preparation
        moment, maps = _maps(cycle)
        return cls(
            atom=atom.name,
            time=cycle.time,
            dynamical_factor=cycle.factor,
            gain_length=cycle.gain_length,
            mean_dynamical_factor=cycle.mean,
            duty_cycle=cycle.integral * preparation.repetition / largest if largest else 0.0,
            open_share=preparation.open_share,
            signal_share=_signal_share(cycle),
            polarisability=float(cycle.medium.polarisability),
            length=preparation.length,
            period=preparation.period,
            moment=moment,
            place=(np.arange(cycle.plan.cells) + 0.5) / cycle.plan.cells * preparation.length,
            excited=cycle.excited,
            trigger_photons=float(target.photon_density * target.volume),
            compensated=bool(preparation.pulses)
            and preparation.polarisability_g == preparation.polarisability_e,
            made_by=provenance(atom=atom, target=target),
            **maps,
        )

    @property
    def title(self) -> str:
        """The atom, and η."""
        return f"{self.atom}: η of a cycle, on average {self.mean_dynamical_factor:.3g}"

    @property
    def profiles(self) -> tuple[str, ...]:
        """What the picture may show: all moments as maps, or one of them along the target."""
        chosen = self.moment[:: max(1, self.moment.size // 32)]
        return ("all", *(f"{1e9 * one:.4g} ns" for one in chosen))

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What the mean is made of, and what limits it, in sentences."""
        largest = float(self.dynamical_factor.max())
        said = [
            f"The duty cycle leaves {self.duty_cycle:.3g}: η is at most {largest:.3g}, on average over all "
            f"time {self.mean_dynamical_factor:.3g}, which counts, limits and plans use."
        ]
        if not largest:
            said.append(
                "No coherence is made: that takes pulses of both directions that meet, or `coherence`."
            )
        if self.excited > _STALE:
            said.append(
                f"At the end of a cycle up to {self.excited:.2g} of the atoms are still excited; the next "
                "is taken to begin with all of them in |g⟩, fresh or emptied by other means."
            )
        gain = float(self.gain_length.max())
        if gain > pi / 2:
            said.append(f"The target empties itself: its gain length reaches {gain:.3g}, above π/2.")
        if self.open_share < 1:
            said.append(f"Photons, and so background, are counted in {self.open_share:.3g} of the time.")
        elif largest:
            until, signal, background = self.best_gate
            said.append(
                "Background comes all the time. Against it a gate from the beginning to "
                f"{until:.2g} s is best, with {signal:.2g} of the signal, {background:.2g} of the background."
            )
        if self.compensated:
            said.append("Shifts of the levels by the pumps' light are taken as compensated.")
        photons = self.trigger_photons
        said.append(
            f"The pair's photon has the trigger's frequency and direction: beside {photons:.1e} photons, "
            f"whose shot noise is {sqrt(photons):.0e}, it has to be told apart by other means."
        )
        return tuple(said)

    @property
    def best_gate(self) -> tuple[float, float, float]:
        """Where a gate that opens at the beginning shuts best, s: signal over root of background is largest.

        With it, the shares of the signal and of an even background that it keeps.
        """
        inside = (self.time > 0) & (self.time <= self.period)
        best = np.argmax(np.where(inside, self.signal_share / np.sqrt(np.where(inside, self.time, 1.0)), 0.0))
        until = float(self.time[best])
        return until, float(self.signal_share[best]), until / self.period

    def table(self) -> Table:
        """Return η at some times; files have all of them."""
        whole = self.full_table()
        step = max(1, len(whole.rows) // _MOST)
        return Table(whole.title, whole.columns, whole.rows[::step])

    def _draw(self, profile: str = "all") -> "Figure":
        """Return maps of coherence and fields over space and time, or one moment of them, with η(t)."""
        from renp.results.style import entitle, legend, subplots, symbols

        maps = _MAPS if self.moment.size else ()
        rows = 2 if maps else 1
        figure, grid = subplots((8.4 if maps else 6.4, 3.1 * rows + (0.4 if maps else 1)), rows, rows)
        if profile == "all":
            for axes, (name, label) in zip(grid.ravel(), maps, strict=False):
                values = getattr(self, name)
                shown = axes.pcolormesh(self.place, 1e9 * self.moment, values, rasterized=True)
                figure.colorbar(shown, ax=axes, label=label)
                axes.set_ylabel("time (ns)")
        else:
            k = (self.profiles.index(profile) - 1) * max(1, self.moment.size // 32)
            for axes, (name, label) in zip(grid.ravel(), maps, strict=False):
                values = getattr(self, name)
                axes.plot(self.place, values[k], color="#0072B2")
                axes.set_ylim(0, 1.05 * max(float(values.max()), 1e-300))
                axes.set_ylabel(label)
        for axes in grid.ravel()[: len(maps)]:
            axes.set_xlabel("z (cm)")
        self._draw_factor(grid.ravel()[len(maps)])
        entitle(figure, symbols(self.title))
        legend(figure)
        return figure

    def _draw_factor(self, axes: Any) -> None:
        shown = self.dynamical_factor > 1e-6 * self.dynamical_factor.max()
        axes.loglog(self.time[shown], self.dynamical_factor[shown], color="#0072B2", label=r"$\eta(t)$")
        if self.mean_dynamical_factor > 0:
            axes.axhline(
                self.mean_dynamical_factor, color="#D55E00", linestyle="--", label="mean over all time"
            )
        axes.set_xlabel("time since the first pulse (s)")
        axes.set_ylabel(r"$\eta$")


def _signal_share(cycle: Cycle) -> Reals:
    """Return the share of the counts up to each time: half of what its weight stands for is before a node."""
    parts = [(np.asarray(one.factor * one.weight * one.counted), one.frames is None) for one in cycle.records]
    each = np.concatenate([part for part, _ in parts])
    half = np.concatenate([np.full(part.size, 0.5 if stored else 0.0) for part, stored in parts])
    total = each.sum()
    return np.asarray((np.cumsum(each) - half * each) / total if total else np.zeros_like(each))


def _maps(cycle: Cycle) -> tuple[Reals, dict[str, Reals]]:
    """Return the times of the propagations, and the maps of their innermost ring."""
    seen = [(record.time, record.frames) for record in cycle.records if record.frames is not None]
    if not seen:
        return np.zeros(0), {name: np.zeros((0, cycle.plan.cells)) for name, _ in _MAPS}
    moment = np.concatenate([time for time, _ in seen]) - cycle.begin

    def squares(name: str) -> Reals:
        parts = [getattr(frames, name) for _, frames in seen]
        return np.concatenate([np.asarray(re[0] ** 2 + im[0] ** 2) for re, im in parts])

    return moment, {
        "coherence": np.sqrt(squares("coherence")),
        "right": squares("right"),
        "left": squares("left"),
    }
