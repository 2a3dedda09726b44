"""The controls of atom, neutrinos, target and laser."""

from collections.abc import Callable
from math import pi
from typing import Any

import panel as pn

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS, effects_of
from renp.explorer.fields import Edit, Field, Slider, number_field, number_in, text_input, text_of
from renp.explorer.interaction_controls import without_diagonals
from renp.explorer.look import Look
from renp.explorer.state import PLACES, State
from renp.neutrinos import NATURES, ORDERINGS, release_values, releases
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
    "laser.gaussian": "Gaussian width (eV)",
    "laser.lorentzian": "Lorentzian width (eV)",
    "laser.offset": "Offset (eV)",
}
"""Keys that have a text field for a number."""


class Controls:
    """All controls of what is measured, but for interactions and runs."""

    def __init__(self, edit: Edit, look: Look) -> None:
        self._edit, self._look = edit, look
        self.fields: list[Field] = []
        self._only: dict[str, list[Any]] = {}
        atom = self._atom()
        neutrinos = self._neutrinos()
        self.basic = [*atom, *neutrinos]
        release = self.add("release", select("Global fit", releases()))
        delta = self.add("delta_cp", angle("Dirac phase δ (π)", 2), _delta, _in_pi("delta_cp"))
        fits = [self._number(key, "of the global fit") for key in _LABELS if "." not in key]
        self.more = [
            card("Oscillation parameters", [release, delta, *fits]),
            *(card(name.capitalize(), self._section(name)) for name in ("target", "laser")),
            card("Atom of one's own", self._own_atom()),
        ]

    def reveal(self, state: State) -> None:
        """Show no control of what has no effect in a state."""
        shown = (state["nature"], *effects_of(state["effects"]))
        for name, views in self._only.items():
            for view in views:
                view.visible = name in shown

    def add(
        self,
        key: str,
        widget: Any,
        read: Callable[[State], Any] | None = None,
        write: Callable[[State, Any], State] | None = None,
    ) -> Any:
        """Add a field and return its view."""
        return self._kept(Field(key, widget, self._edit, self._look, read, write))

    def _kept(self, field: Field) -> Any:
        self.fields.append(field)
        return field.view

    def _number(self, key: str, placeholder: str = "", label: str = "") -> Any:
        unit = unit_of_field(*PLACES[key])
        return self._kept(number_field(key, label or _LABELS[key], unit, self._edit, self._look, placeholder))

    def _section(self, name: str) -> list[Any]:
        usual = State()
        return [self._number(key, text_of(usual[key])) for key in _LABELS if key.startswith(f"{name}.")]

    def _atom(self) -> list[Any]:
        effects = pn.widgets.CheckBoxGroup(
            options={effect.label: name for name, effect in EFFECTS.items()}, inline=True, margin=(0, 10)
        )
        said = "".join(f"<li>{effect.label}: {effect.sentence}</li>" for effect in EFFECTS.values())
        title = pn.pane.HTML(
            f"<details><summary>Beyond the papers' approximation</summary><ul>{said}</ul></details>",
            margin=(4, 10, 0, 10),
        )
        light = self.add("polarisation", select("Polarisation of the trigger", ("linear", "circular")))
        self._only["spin"] = [light]
        return [
            self.add(
                "atom",
                select("Atom", symbols()),
                lambda s: s["atom"] if s["atom"] in symbols() else None,
                lambda s, v: s.changed(atom=v, E_eg=None, E_vg=None),
            ),
            title,
            self.add("effects", effects, lambda s: list(effects_of(s["effects"])), _with_effects),
            light,
        ]

    def _neutrinos(self) -> list[Any]:
        slider = Slider(
            label="Lightest mass (eV)",
            start=0.0,
            end=HEAVIEST,
            step=0.0002,
            format="0.0000",
            sizing_mode="stretch_width",
        )
        phases = [
            self.add("majorana_phases", angle(f"Majorana phase α{name} (π)", 4), _phase(k), _with_phase(k))
            for k, name in enumerate(("₂₁", "₃₁"))
        ]
        self._only["majorana"] = phases
        return [
            self.add("ordering", radio("Ordering", ORDERINGS), write=_ordered),
            self.add("nature", radio("Nature", NATURES), write=_natured),
            self.add("lightest_mass", slider, lambda s: min(s["lightest_mass"], HEAVIEST)),
            self._number("lightest_mass", label="Lightest mass, exactly (eV)"),
            *phases,
        ]

    def _own_atom(self) -> list[Any]:
        views = [self.add("name", text_input("Name"))]
        views += [
            self.add(key, text_input(f"{key} (eV)", placeholder="of the catalogue"), *_energy(key))
            for key in ("E_eg", "E_vg")
        ]
        return [*views, self._number("boost", label="Boost p_eg (eV)")]


def card(title: str, content: list[Any], *, collapsed: bool = True) -> Any:
    """Return a part of the controls that folds."""
    column = pn.Column(*content, sizing_mode="stretch_width", margin=0)
    return pn.Card(column, title=title, collapsed=collapsed, sizing_mode="stretch_width", margin=(4, 5))


def select(label: str, options: Any) -> Any:
    """Return a choice among many."""
    choices = options if isinstance(options, dict) else list(options)
    return pn.widgets.Select(label=label, options=choices, sizing_mode="stretch_width", min_width=90)


def radio(label: str, options: tuple[str, ...]) -> Any:
    """Return a choice among few."""
    words = {option.replace("dirac", "Dirac").replace("majorana", "Majorana"): option for option in options}
    return pn.widgets.RadioButtonGroup(
        label=label, options=words, color="primary", variant="outline", sizing_mode="stretch_width"
    )


def angle(label: str, most: float) -> Any:
    """Return a slider of an angle in units of π."""
    return Slider(label=label, start=0.0, end=most, step=0.01, format="0.00", sizing_mode="stretch_width")


def _energy(name: str) -> tuple[Callable[[State], Any], Callable[[State, Any], State]]:
    """Return how an energy of one's own is read and written; the other one follows if it was not set."""
    other = {"E_eg": "E_vg", "E_vg": "E_eg"}[name]

    def write(state: State, text: str) -> State:
        if not text.strip():
            return state.changed(E_eg=None, E_vg=None)
        beside = state[other]
        if beside is None and state["atom"] in symbols():
            beside = float(getattr(Atom.named(state["atom"]), other))
        return state.changed(**{name: number_in("eV", text, photon=True), other: beside})

    return lambda state: text_of(state[name]), write


def _with_effects(state: State, chosen: list[str]) -> State:
    return state.changed(effects=[effect for effect in EFFECTS if effect in chosen])


def _ordered(state: State, ordering: str) -> State:
    """Change the ordering; the large splitting of the other one goes with it."""
    return state.changed(ordering=ordering, dm2_31=None, dm2_32=None)


def _natured(state: State, nature: str) -> State:
    """Change the nature; diagonal elements that Majorana neutrinos have not are left out."""
    changed = state.changed(nature=nature)
    return without_diagonals(changed) if nature == "majorana" else changed


def _phase(k: int) -> Callable[[State], float]:
    return lambda state: round((state["majorana_phases"] or [0.0, 0.0])[k] % (4 * pi) / pi, 10)


def _with_phase(k: int) -> Callable[[State, float], State]:
    def write(state: State, value: float) -> State:
        phases = list(state["majorana_phases"] or [0.0, 0.0])
        phases[k] = value * pi
        return state.changed(majorana_phases=phases)

    return write


def _delta(state: State) -> float:
    known = state["delta_cp"]
    value = release_values(state["release"], state["ordering"])["delta_cp"] if known is None else known
    return round(value % (2 * pi) / pi, 10)


def _in_pi(key: str) -> Callable[[State, float], State]:
    return lambda state, value: state.changed(**{key: value * pi})
