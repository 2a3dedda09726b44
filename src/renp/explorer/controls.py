"""The controls of atom, neutrinos, target, laser and what is uncertain."""

from collections.abc import Callable
from functools import partial
from math import pi
from pathlib import Path
from typing import Any

import panel as pn

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS, effects_of
from renp.atoms.spin import POLARISATIONS
from renp.explorer.fields import (
    WIDE,
    Edit,
    Field,
    Read,
    Slider,
    Write,
    angle,
    folded,
    html,
    number_field,
    number_in,
    radio,
    select,
    text_input,
    text_of,
)
from renp.explorer.interaction_controls import without_diagonals
from renp.explorer.state import PLACES, State
from renp.neutrinos import NATURES, ORDERINGS, release_values, releases
from renp.scenario.build import build_atom, in_medium
from renp.scenario.keys import unit_of_field

HEAVIEST = 0.08
"""End of the slider of the lightest mass, eV; the field beside it takes any."""

_LABELS = {
    "sin2_theta12": "sin²θ₁₂",
    "sin2_theta13": "sin²θ₁₃",
    "sin2_theta23": "sin²θ₂₃",
    "delta_cp": "δ (rad)",
    "dm2_21": "Δm²₂₁ (eV²)",
    "dm2_31": "Δm²₃₁ (eV²)",
    "dm2_32": "Δm²₃₂ (eV²)",
    "target.density": "Atoms per cm³",
    "target.photon_density": "Photons per cm³",
    "target.volume": "Volume (cm³)",
    "target.dynamical_factor": "Dynamical factor η",
    "target.width": "Γ₀ at 10²¹/cm³, 100 cm³ (1/s)",
    "target.refractive_index": "Refractive index at the trigger",
    "normalisation_error": "Error of all rates",
    "background_error": "Error of all backgrounds",
    "calibration_error": "Error of the photon energies (eV)",
    "linewidth_error": "Error of the laser's width",
    "laser.gaussian": "Gaussian width, FWHM (eV)",
    "laser.lorentzian": "Lorentzian width, FWHM (eV)",
    "laser.offset": "Offset (eV)",
}
"""Keys that have a text field for a number."""

_ERRORS = [key for key in _LABELS if key.endswith("_error")]

_KNOWN = {"known": "known", "as uncertain as in the global fit": "all"}

_STATES = ("all, equally", "-2", "-1", "0", "1", "2")


class Controls:
    """All controls of what is measured, but for interactions and runs; folded ones are made when unfolded."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self.fields: list[Field] = []
        self._only: dict[str, list[Any]] = {}
        self._state: State | None = None
        self.basic = [*self._atom(), *self._neutrinos()]
        folds: dict[str, Callable[[], list[Any]]] = {
            "Oscillation parameters": self._global_fit,
            "Target": partial(self._section, "target"),
            "Laser": partial(self._section, "laser"),
            "What is uncertain": self._uncertain,
            "Single effects of the atom": self._effects,
            "Atom of one's own": self._own_atom,
        }
        self.more = [folded(title, partial(self._unfolded, make)) for title, make in folds.items()]

    def _unfolded(self, make: Callable[[], list[Any]]) -> list[Any]:
        """Make controls that were folded, and let them show the state."""
        known = len(self.fields)
        views = make()
        if self._state is not None:
            self.reveal(self._state)
            for field in self.fields[known:]:
                field.show(self._state)
        return views

    def reveal(self, state: State) -> None:
        """Show no control of what has no effect in a state."""
        self._state = state
        preparation = "prepared" if state["target.preparation"] else "of one's own"
        shown = (state["nature"], preparation, *effects_of(state["effects"]))
        for name, views in self._only.items():
            for view in views:
                view.visible = name in shown

    def add(self, key: str, widget: Any, read: Read | None = None, write: Write | None = None) -> Any:
        """Add a field and return its view."""
        return self._kept(Field(key, widget, self._edit, read, write))

    def _kept(self, field: Field) -> Any:
        self.fields.append(field)
        return field.view

    def _number(self, key: str, placeholder: str = "", label: str = "") -> Any:
        unit = unit_of_field(*PLACES[key])
        return self._kept(number_field(key, label or _LABELS[key], unit, self._edit, placeholder))

    def _global_fit(self) -> list[Any]:
        release = self.add("release", select("Global fit", releases()))
        delta = self.add("delta_cp", angle("Dirac phase δ (π)", 2), _delta, _with_delta)
        keys = [key for key in _LABELS if "." not in key and key not in _ERRORS]
        return [release, delta, *(self._number(key, "of the global fit") for key in keys)]

    def _uncertain(self) -> list[Any]:
        known = self.add(
            "oscillation", select("Masses and mixing are", _KNOWN), _oscillation, _with_oscillation
        )
        return [known, *(self._number(key, "none") for key in _ERRORS)]

    def _section(self, name: str) -> list[Any]:
        usual = State()
        views = {
            key: self._number(key, text_of(usual[key]) or "as in a vacuum")
            for key in _LABELS
            if key.startswith(f"{name}.")
        }
        if name == "target":
            said = html("<p>η is that of the preparation, see the view “Target”.</p>")
            self._only |= {"of one's own": [views["target.dynamical_factor"]], "prepared": [said]}
            return [*views.values(), said]
        return list(views.values())

    def _atom(self) -> list[Any]:
        whole = radio("Atom", {"papers' simplification": "papers", "whole atom": "full"}, **WIDE)
        light = self.add("polarisation", select("Polarisation of the trigger", POLARISATIONS))
        state = self.add("prepared", select("Prepared state M of |e⟩", _STATES), _prepared, _with_prepared)
        self._only["spin"] = [light, state]
        return [
            self.add("atom", select("Atom", symbols()), _atom, _with_atom),
            self.add("effects.whole", whole, _whole, lambda s, v: _with_effects(s, list(effects_of(v)))),
            *self._only["spin"],
        ]

    def _effects(self) -> list[Any]:
        options = {effect.label: name for name, effect in EFFECTS.items()}
        effects = pn.widgets.CheckBoxGroup(options=options, margin=(0, 10))
        said = "".join(f"<li>{effect.label}: {effect.sentence}</li>" for effect in EFFECTS.values())
        return [
            self.add("effects", effects, lambda s: list(effects_of(s["effects"])), _with_effects),
            html(f"<ul>{said}</ul>"),
        ]

    def _neutrinos(self) -> list[Any]:
        steps = {"start": 0.0, "end": HEAVIEST, "step": 0.0002, "format": "0.0000"}
        slider = Slider(label="Lightest mass (eV)", **steps, **WIDE)
        orderings = {f"{ordering} ordering": ordering for ordering in ORDERINGS}
        phases = [
            self.add("majorana_phases", angle(f"Majorana phase α{name} (π)", 4), *_phase(k))
            for k, name in enumerate(("₂₁", "₃₁"))
        ]
        self._only["majorana"] = phases
        natures = {nature.capitalize(): nature for nature in NATURES}
        return [
            self.add("ordering", radio("Ordering", orderings, **WIDE), write=_ordered),
            self.add("nature", radio("Nature", natures, **WIDE), write=_natured),
            self.add("lightest_mass", slider, lambda s: min(s["lightest_mass"], HEAVIEST)),
            self._number("lightest_mass", label="Lightest mass, exactly (eV)"),
            *phases,
        ]

    def _own_atom(self) -> list[Any]:
        views = [self.add("name", text_input("Name"))]
        for key, other in (("E_eg", "E_vg"), ("E_vg", "E_eg")):
            widget = text_input(f"{key} (eV)", placeholder="of the catalogue")
            views.append(self.add(key, widget, partial(_energy, key), partial(_with_energy, key, other)))
        return [*views, self._number("boost", label="Boost p_eg (eV)")]


def _atom(state: State) -> str | None:
    return state["atom"] if state["atom"] in symbols() else None


def _with_atom(state: State, name: str) -> State:
    return followed(state, state.changed(atom=name, E_eg=None, E_vg=None, prepared=None))


def followed(before: State, after: State) -> State:
    """Return a state with another atom whose runs are at the same places beside its thresholds.

    A run keeps the square of the energy that the neutrinos have at rest, which is what counts there; it
    cannot go below 0 eV. The runs are new ones, without what was counted.

    Examples
    --------
    >>> before = State.of(runs=[[1.068]])
    >>> [run.photon_energy for run in followed(before, before.changed(atom="Xe")).scenario.run]
    [4.1566922357]
    """
    try:
        old, new = (in_medium(build_atom(Path(), s.scenario.atom), s["target"]) for s in (before, after))
    except ValueError:  # which is said when the state is used
        return after
    top = (float(new.end) + float(new.E_vg)) / 2
    for k, run in enumerate(before.scenario.run):
        below = (float(old.end) - run.photon_energy) * float(old.E_eg / new.E_eg)
        energy = round(min(max(float(new.end) - below, 0.0), top), 10)
        after = after.with_run(k, photon_energy=energy)
    return after.changed(window=None)


def _whole(state: State) -> str | None:
    chosen = effects_of(state["effects"])
    return "papers" if not chosen else "full" if len(chosen) == len(EFFECTS) else None


def _oscillation(state: State) -> str | None:
    return state["oscillation"] or "known" if state["oscillation"] in ([], "all") else None


def _with_oscillation(state: State, chosen: str) -> State:
    return state.changed(oscillation=None if chosen == "known" else chosen)


def _prepared(state: State) -> str:
    return _STATES[0] if state["prepared"] is None else str(state["prepared"])


def _with_prepared(state: State, chosen: str) -> State:
    return state.changed(prepared=None if chosen == _STATES[0] else int(chosen))


def _energy(name: str, state: State) -> str:
    return text_of(state[name])


def _with_energy(name: str, other: str, state: State, text: str) -> State:
    """Change an energy of one's own; the other one follows if it was not set."""
    if not text.strip():
        return followed(state, state.changed(E_eg=None, E_vg=None))
    beside = state[other]
    if beside is None and state["atom"] in symbols():
        beside = float(getattr(Atom.named(state["atom"]), other))
    return followed(state, state.changed(**{name: number_in("eV", text, photon=True), other: beside}))


def _with_effects(state: State, chosen: list[str]) -> State:
    effects = [effect for effect in EFFECTS if effect in chosen]
    if "spin" in chosen:
        return state.changed(effects=effects)
    runs = [run.model_copy(update={"polarisation": None}) for run in state.scenario.run]
    # No other light, and no prepared state, is seen without.
    return state.changed(effects=effects, polarisation="linear", prepared=None, runs=runs)


def _ordered(state: State, ordering: str) -> State:
    """Change the ordering; the large splitting of the other one goes with it."""
    return state.changed(ordering=ordering, dm2_31=None, dm2_32=None)


def _natured(state: State, nature: str) -> State:
    """Change the nature; the diagonal elements or phases that the other has not are left out."""
    changed = state.changed(nature=nature)
    return without_diagonals(changed) if nature == "majorana" else changed.changed(majorana_phases=None)


def _phase(k: int) -> tuple[Read, Write]:
    """Return how a Majorana phase is read and written in units of π."""

    def phases(state: State) -> list[float]:
        return list(state["majorana_phases"] or [0.0, 0.0])

    def write(state: State, value: float) -> State:
        changed = phases(state)
        changed[k] = value * pi
        return state.changed(majorana_phases=changed)

    return lambda state: round(phases(state)[k] % (4 * pi) / pi, 10), write


def _delta(state: State) -> float:
    known = state["delta_cp"]
    value = release_values(state["release"], state["ordering"])["delta_cp"] if known is None else known
    return round(value % (2 * pi) / pi, 10)


def _with_delta(state: State, value: float) -> State:
    return state.changed(delta_cp=value * pi)
