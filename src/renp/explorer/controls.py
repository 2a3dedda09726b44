"""The controls of atom, neutrinos, target and laser."""

from collections.abc import Callable
from dataclasses import replace
from math import pi
from typing import Any

import panel as pn

from renp.atoms.atom import symbols
from renp.atoms.effects import EFFECTS
from renp.explorer.document import LASER, OSCILLATION, TARGET
from renp.explorer.fields import Edit, Field, Slider, number_in, text_input, text_of
from renp.explorer.interaction_controls import without_diagonals
from renp.explorer.look import Look
from renp.explorer.state import State
from renp.neutrinos import NATURES, ORDERINGS, release_values, releases

HEAVIEST = 0.08
"""End of the slider of the lightest mass, eV; the field beside it takes any."""

_OSCILLATION_LABELS = {
    "sin2_theta12": "sin²θ₁₂",
    "sin2_theta13": "sin²θ₁₃",
    "sin2_theta23": "sin²θ₂₃",
    "delta_cp": "δ (rad)",
    "dm2_21": "Δm²₂₁ (eV²)",
    "dm2_31": "Δm²₃₁ (eV²)",
    "dm2_32": "Δm²₃₂ (eV²)",
}
_TARGET_LABELS = {
    "density": ("Atoms per cm³", "1/cm^3", 1e21),
    "photon_density": ("Photons per cm³", "1/cm^3", 1e21),
    "volume": ("Volume (cm³)", "cm^3", 100.0),
    "dynamical_factor": ("Dynamical factor η", "", 1.0),
    "width": ("Γ₀ at 10²¹/cm³, 100 cm³ (1/s)", "1/s", 0.002),
}
_LASER_LABELS = {
    "gaussian": "Gaussian width (eV)",
    "lorentzian": "Lorentzian width (eV)",
    "offset": "Offset (eV)",
}


class Controls:
    """All controls of what is measured, but for interactions and runs."""

    def __init__(self, edit: Edit, look: Look) -> None:
        self._edit, self._look = edit, look
        self.fields: list[Field] = []
        self._only: dict[str, list[Any]] = {}
        atom = self._atom()
        neutrinos = self._neutrinos()
        self.basic = [*atom, *neutrinos]
        self.more = [
            card("Oscillation parameters", self._oscillation()),
            card("Target", self._target()),
            card("Laser", self._laser()),
            card("Atom of one's own", self._own_atom()),
        ]

    def reveal(self, state: State) -> None:
        """Show no control of what has no effect in a state."""
        for name, views in self._only.items():
            for view in views:
                view.visible = name in (state.nature, *state.effects)

    def add(
        self, key: str, widget: Any, read: Callable[[State], Any], write: Callable[[State, Any], State]
    ) -> Any:
        """Add a field and return its view."""
        field = Field(key, widget, read, write, self._edit, self._look)
        self.fields.append(field)
        return field.view

    def _atom(self) -> list[Any]:
        atom = select("Atom", symbols())
        effects = pn.widgets.CheckBoxGroup(
            options={effect.label: name for name, effect in EFFECTS.items()}, inline=True, margin=(0, 10)
        )
        polarisation = select("Polarisation of the trigger", ("linear", "circular"))
        said = "".join(f"<li>{effect.label}: {effect.sentence}</li>" for effect in EFFECTS.values())
        title = pn.pane.HTML(
            f"<details><summary>Beyond the papers' approximation</summary><ul>{said}</ul></details>",
            margin=(4, 10, 0, 10),
        )
        light = self.add("polarisation", polarisation, lambda s: s.polarisation, _setter("polarisation"))
        self._only["spin"] = [light]
        return [
            self.add("atom", atom, _catalogued, lambda s, v: replace(s, atom=v, E_eg=None, E_vg=None)),
            title,
            self.add("effects", effects, lambda s: list(s.effects), _with_effects),
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
        exact = text_input("Lightest mass, exactly (eV)")
        phases = [
            self.add("majorana_phases", angle(f"Majorana phase α{name} (π)", 4), _phase(k), _with_phase(k))
            for k, name in enumerate(("₂₁", "₃₁"))
        ]
        self._only["majorana"] = phases
        return [
            self.add("ordering", radio("Ordering", ORDERINGS), lambda s: s.ordering, _ordered),
            self.add("nature", radio("Nature", NATURES), lambda s: s.nature, _natured),
            self.add(
                "lightest_mass", slider, lambda s: min(s.lightest_mass, HEAVIEST), _setter("lightest_mass")
            ),
            self.add(
                "lightest_mass", exact, lambda s: text_of(s.lightest_mass), _number("lightest_mass", "eV")
            ),
            *phases,
        ]

    def _oscillation(self) -> list[Any]:
        release = self.add(
            "release",
            select("Global fit", releases()),
            lambda s: s.release,
            lambda s, v: replace(s, release=v),
        )
        delta = self.add("delta_cp", angle("Dirac phase δ (π)", 2), _delta, _with_delta)
        units = OSCILLATION | {"dm2_21": "eV^2"}
        texts = [
            self.add(
                key,
                text_input(label, placeholder="of the global fit"),
                *_entry("oscillation", key, units[key]),
            )
            for key, label in _OSCILLATION_LABELS.items()
        ]
        return [release, delta, *texts]

    def _target(self) -> list[Any]:
        return [
            self.add(
                f"target.{key}",
                text_input(label, placeholder=text_of(usual)),
                *_entry("target", key, unit),
            )
            for key, (label, unit, usual) in _TARGET_LABELS.items()
            if key in TARGET
        ]

    def _laser(self) -> list[Any]:
        return [
            self.add(
                f"laser.{key}", text_input(_LASER_LABELS[key], placeholder="0"), *_entry("laser", key, "eV")
            )
            for key in LASER
        ]

    def _own_atom(self) -> list[Any]:
        energies = [("E_eg", "E_eg (eV)"), ("E_vg", "E_vg (eV)")]
        views = [self.add("name", text_input("Name"), lambda s: s.atom, _setter("atom"))]
        views += [
            self.add(key, text_input(label, placeholder="of the catalogue"), *_optional(key))
            for key, label in energies
        ]
        boost = text_input("Boost p_eg (eV)")
        return [*views, self.add("boost", boost, lambda s: text_of(s.boost), _number("boost", "eV"))]


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


def _setter(name: str) -> Callable[[State, Any], State]:
    return lambda state, value: state.changed(**{name: value})


def _number(name: str, unit: str) -> Callable[[State, Any], State]:
    return lambda state, text: state.changed(**{name: number_in(unit, text)})


def _optional(name: str) -> tuple[Callable[[State], Any], Callable[[State, Any], State]]:
    """Return how an energy of one's own is read and written; the other one follows if it was not set."""
    other = {"E_eg": "E_vg", "E_vg": "E_eg"}[name]

    def write(state: State, text: str) -> State:
        if not text.strip():
            return replace(state, E_eg=None, E_vg=None)
        value = number_in("eV", text, photon=True)
        beside = getattr(state, other)
        if beside is None and state.atom in symbols():
            from renp.atoms.atom import Atom

            beside = float(getattr(Atom.named(state.atom), other))
        return state.changed(**{name: value, other: beside})

    return lambda state: text_of(getattr(state, name)), write


def _entry(section: str, key: str, unit: str) -> tuple[Callable[[State], Any], Callable[[State, Any], State]]:
    """Return how an entry of a section is read and written; an empty text is the usual value."""

    def write(state: State, text: str) -> State:
        content = {k: v for k, v in getattr(state, section).items() if k != key}
        return state.changed(**{section: content | ({key: number_in(unit, text)} if text.strip() else {})})

    return lambda state: text_of(getattr(state, section).get(key)), write


def _catalogued(state: State) -> Any:
    return state.atom if state.atom in symbols() else None


def _with_effects(state: State, chosen: list[str]) -> State:
    return replace(state, effects=tuple(effect for effect in EFFECTS if effect in chosen))


def _ordered(state: State, ordering: str) -> State:
    """Change the ordering; the large splitting of the other one goes with it."""
    kept = {key: v for key, v in state.oscillation.items() if key not in ("dm2_31", "dm2_32")}
    return replace(state, ordering=ordering, oscillation=kept)


def _natured(state: State, nature: str) -> State:
    """Change the nature; diagonal elements that Majorana neutrinos have not are left out."""
    changed = replace(state, nature=nature)
    return without_diagonals(changed) if nature == "majorana" else changed


def _phase(k: int) -> Callable[[State], float]:
    return lambda state: round(state.majorana_phases[k] % (4 * pi) / pi, 10)


def _with_phase(k: int) -> Callable[[State, float], State]:
    def write(state: State, value: float) -> State:
        phases = list(state.majorana_phases)
        phases[k] = value * pi
        return replace(state, majorana_phases=(phases[0], phases[1]))

    return write


def _delta(state: State) -> float:
    known = state.oscillation.get("delta_cp")
    value = release_values(state.release, state.ordering)["delta_cp"] if known is None else known
    return round(value % (2 * pi) / pi, 10)


def _with_delta(state: State, value: float) -> State:
    return replace(state, oscillation=state.oscillation | {"delta_cp": value * pi})
