"""What the papers leave out of the atom: one entry for each effect, from which all that offers it follows."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from renp.atoms.spin import POLARISATIONS, spin_weights
from renp.errors import InputError
from renp.validation import choice

if TYPE_CHECKING:
    from renp.atoms.atom import Level

APPROXIMATIONS = ("papers", "full")


class Effect(NamedTuple):
    """One effect that `renp.Atom.refined` takes into account."""

    label: str
    """Two words or three, for a choice among effects."""
    sentence: str
    """What it does to the atom, which the papers do not."""
    refine: Callable[[Sequence["Level"], str], dict[str, Any]]
    """From levels, |e⟩ and |v⟩ first, and polarisation to the arguments of `renp.Atom` that change."""
    facts: Callable[[Sequence["Level"]], Sequence[tuple[str, float, str, str]]] = lambda _: ()
    """From levels to what an atom's sheet says of it: quantity, value, unit, source."""


def _orbit(levels: Sequence["Level"], polarisation: str) -> dict[str, Any]:  # noqa: ARG001, as all effects
    e, v = levels[:2]
    if e.J == v.J:
        raise InputError("orbit", f"J = {e.J} for both states", "left out: it needs more than J")
    return {"orbit": 0.5}


def _orbit_facts(levels: Sequence["Level"]) -> Sequence[tuple[str, float, str, str]]:
    if levels[0].J == levels[1].J:
        return ()
    # J = L + S has no matrix elements between different J, so the moments' amplitude is half.
    return (("rate of moments with / without orbital current", 0.25, "", "⟨L⟩ = −⟨S⟩; papers: 1"),)


def _spin(levels: Sequence["Level"], polarisation: str) -> dict[str, Any]:
    return {"spin_weights": spin_weights(levels[0].J, levels[1].J, 0, polarisation)}


def _spin_facts(levels: Sequence["Level"]) -> Sequence[tuple[str, float, str, str]]:
    return [
        (f"{name}, {light} light", float(weight), "", "sum over spin states; papers: 1")
        for light in POLARISATIONS
        for name, weight in zip(("w_T", "w_L"), _spin(levels, light)["spin_weights"], strict=True)
    ]


def _states(levels: Sequence["Level"], polarisation: str) -> dict[str, Any]:  # noqa: ARG001, as all effects
    further = [(level.energy, level.amplitude) for level in levels[2:] if level.amplitude is not None]
    return {"states": further}


EFFECTS: dict[str, Effect] = {
    "spin": Effect(
        "spin sums", "Sums over spin states and polarised light, not an average.", _spin, _spin_facts
    ),
    "states": Effect("further states", "Further intermediate states, which interfere with |v⟩.", _states),
    "orbit": Effect(
        "orbital current", "The photon couples to L + 2S: half of 2S if J changes.", _orbit, _orbit_facts
    ),
}


def effects_of(approximation: str | Sequence[str]) -> tuple[str, ...]:
    """Return the effects that "papers", "full" or a list of them takes into account.

    Raises
    ------
    InputError
        If there is no such approximation or effect.

    Examples
    --------
    >>> effects_of("papers"), effects_of("full"), effects_of(["orbit", "spin"])
    ((), ('spin', 'states', 'orbit'), ('spin', 'orbit'))
    """
    if isinstance(approximation, str):
        full = choice("approximation", approximation, APPROXIMATIONS) == "full"
        return tuple(EFFECTS) if full else ()
    chosen = [choice("approximation", effect, tuple(EFFECTS)) for effect in approximation]
    return tuple(effect for effect in EFFECTS if effect in chosen)
