"""What the papers leave out of the atom: one entry for each effect, from which all that offers it follows."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from renp.atoms.spin import HELICITIES, POLARISATIONS, Wave, spin_weights, waves
from renp.errors import InputError
from renp.validation import choice, listed

if TYPE_CHECKING:
    from renp.atoms.level import Level

APPROXIMATIONS = ("papers", "full")


class Effect(NamedTuple):
    """One effect that `renp.Atom.refined` takes into account."""

    label: str
    """Two words or three, for a choice among effects."""
    sentence: str
    """What it does to the atom, which the papers do not."""
    refine: Callable[[Sequence["Level"], str, Mapping[str, Any]], dict[str, Any]]
    """From levels, |e⟩ and |v⟩ first, polarisation and arguments of `renp.Atom` to those that change."""
    facts: Callable[[Sequence["Level"]], Sequence[tuple[str, float, str, str]]] = lambda _: ()
    """From levels to what an atom's sheet says of it: quantity, value, unit, source."""


def _orbit(*_: Any) -> dict[str, Any]:
    return {"orbit": 0.5}


def _orbit_facts(_: Sequence["Level"]) -> Sequence[tuple[str, float, str, str]]:
    # J = L + S has no matrix elements between different levels, so the moments' amplitude is half.
    return (("rate of moments with / without orbital current", 0.25, "", "⟨L⟩ = −⟨S⟩; papers: 1"),)


def _spin(levels: Sequence["Level"], polarisation: str, *_: Any) -> dict[str, Any]:
    e, v = levels[:2]
    seen = polarisation in HELICITIES
    return {
        "spin_weights": spin_weights(e.J, v.J),
        "waves": waves(e.J, v.J, polarisation, both_orders=False) if seen else (),
    }


def _spin_facts(levels: Sequence["Level"]) -> Sequence[tuple[str, float, str, str]]:
    weights = spin_weights(levels[0].J, levels[1].J)
    return [
        (name, float(weight), "", "sum over spin states; papers: 1")
        for name, weight in zip(("w_T", "w_L"), weights, strict=True)
    ]


def _states(levels: Sequence["Level"], *_: Any) -> dict[str, Any]:
    further = [(level.energy, level.amplitude) for level in levels[2:] if level.amplitude is not None]
    return {"states": further}


def _orders(levels: Sequence["Level"], polarisation: str, values: Mapping[str, Any]) -> dict[str, Any]:
    e, v = levels[:2]
    across, weight = values["spin_weights"][0], spin_weights(e.J, v.J)[0]
    # With the papers' average the first order alone stays what it is there.
    return {
        "waves": tuple(
            Wave(wave.helicity, wave.direction, wave.weight * (across / weight), wave.second)
            for wave in waves(e.J, v.J, polarisation)
        )
    }


EFFECTS: dict[str, Effect] = {
    "spin": Effect(
        "spin sums", "Sums over spin states and polarised light, not an average.", _spin, _spin_facts
    ),
    "states": Effect("further states", "Further intermediate states, which interfere with |v⟩.", _states),
    "orbit": Effect(
        "orbital current", "The photon couples to L + 2S: half of 2S between levels.", _orbit, _orbit_facts
    ),
    "orders": Effect(
        "both orders", "What the photon carries also comes after the trigger: M1 first, then E1.", _orders
    ),
}


def check_light(polarisation: str, effects: Sequence[str]) -> None:
    """Raise `InputError` if light has a helicity that an atom with these effects does not see."""
    if choice("polarisation", polarisation, POLARISATIONS) in HELICITIES and "spin" not in effects:
        allowed = "linear where spins are averaged: without the effect spin no helicity is seen"
        raise InputError("polarisation", repr(polarisation), allowed)


def effects_of(approximation: str | Sequence[str]) -> tuple[str, ...]:
    """Return the effects that "papers", "full" or a list of them takes into account.

    Raises
    ------
    InputError
        If there is no such approximation or effect.

    Examples
    --------
    >>> effects_of("papers"), effects_of("full"), effects_of(["orbit", "spin"])
    ((), ('spin', 'states', 'orbit', 'orders'), ('spin', 'orbit'))
    """
    if isinstance(approximation, str):
        full = choice("approximation", approximation, APPROXIMATIONS) == "full"
        return tuple(EFFECTS) if full else ()
    given = listed("approximation", approximation, f"{' or '.join(APPROXIMATIONS)}, or a list of effects")
    chosen = [choice("approximation", effect, tuple(EFFECTS)) for effect in given]
    return tuple(effect for effect in EFFECTS if effect in chosen)
