"""The best preparation for a budget of pump energy, by gradients through the whole cycle."""

from dataclasses import replace
from math import log
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.errors import InputError
from renp.target.cycle import Pulses, factor_integral
from renp.target.preparation import Cycle, Preparation, cycle_of, lit
from renp.validation import number

_REACH = 3.0
"""How far, as a factor, a round may go from where it began; the plan of what is computed fits so far."""


def best_preparation(
    preparation: Preparation,
    atom: Atom,
    *,
    budget: float,
    density: float = 1e21,
    photon_density: float = 1e21,
    volume: float = 100.0,
    rounds: int = 2,
    cells: int = 50,
    rings: int = 4,
) -> Preparation:
    """Return a preparation with the largest mean η for an energy of all pumps.

    It varies how the energy is shared, when pulses come, their waists, and the target's length at the same
    volume; durations, relaxation and repetition stay. A local optimum, found from the one given.

    Parameters
    ----------
    preparation, atom
        Where to begin, with at least one pump.
    budget
        Energy of all pumps together, J.
    density, photon_density, volume
        Of `renp.Target`.
    rounds
        How often what is computed is adapted to what was found.
    cells, rings
        Into which length and cross-section are divided.

    Raises
    ------
    InputError
        If there are no pumps, or the budget is not above 0.
    """
    number("budget", budget, "an energy in J above 0", low=0.0, open_low=True, unit="J")
    if not preparation.pulses:
        raise InputError("preparation", "one without pulses", "with pulses to begin with")
    total = sum(one.energy for one in preparation.pulses)
    now = _with(preparation, np.zeros(3 * len(preparation.pulses) + 1), budget / total)
    given: Any = {"density": density, "photon_density": photon_density, "volume": volume}
    for _ in range(rounds):
        cycle = cycle_of(now, atom, **given, cells=cells, rings=rings)
        loss = jax.jit(jax.value_and_grad(lambda x, cycle=cycle: -jnp.log(changed_mean(cycle, x, volume))))

        def numbers(x: Reals, loss: Any = loss) -> tuple[float, Reals]:
            value, slope = loss(jnp.asarray(x))
            return float(value), np.asarray(slope)

        start = np.zeros(3 * len(now.pulses) + 1)
        ends = [(-log(_REACH), log(_REACH))] * start.size
        found = optimize.minimize(numbers, start, jac=True, method="L-BFGS-B", bounds=ends)
        better = _with(now, found.x, 1.0)
        if cycle_of(better, atom, **given, cells=cells, rings=rings).mean < cycle.mean:
            break
        now = better
    return now


def _parts(x: Any, pulses: int) -> tuple[Any, Any, Any, Any]:
    """Return the changes of energies, delays, waists and the length."""
    return x[:pulses], x[pulses : 2 * pulses], x[2 * pulses : 3 * pulses], x[-1]


def _with(preparation: Preparation, x: Reals, scale: float) -> Preparation:
    """Return the preparation with changes: logarithms, and delays in durations."""
    energy, delay, waist, length = _parts(np.asarray(x), len(preparation.pulses))
    energies = np.array([one.energy for one in preparation.pulses])
    shared = energies * np.exp(energy)
    shared *= scale * energies.sum() / shared.sum()
    pulses = tuple(
        replace(
            one,
            energy=float(e),
            delay=float(one.delay + d * one.duration),
            waist=float(one.waist * np.exp(w)),
        )
        for one, e, d, w in zip(preparation.pulses, shared, delay, waist, strict=True)
    )
    return replace(preparation, pulses=pulses, length=float(preparation.length * np.exp(length)))


def changed_mean(cycle: Cycle, x: Any, volume: float) -> Any:
    """Return ∫η dt of changed pulses and length; jax-traceable."""
    preparation = cycle.preparation
    energy, delay, waist, length = _parts(x, len(preparation.pulses))
    old = [jnp.array([getattr(one, name) for one in preparation.pulses]) for name in Pulses._fields]
    shared = old[0] * jnp.exp(energy)
    new = (shared * old[0].sum() / shared.sum(), old[1], old[2] * jnp.exp(waist), old[3] + delay * old[1])
    sides = {
        side: np.array([k for k, one in enumerate(preparation.pulses) if one.direction == side], dtype=int)
        for side in ("right", "left")
    }
    longer = preparation.length * jnp.exp(length)
    radius, cover = lit(preparation, longer, jnp.max(new[2]), volume)
    light = eqx.tree_at(
        lambda one: (one.right, one.left, one.radius, one.cover),
        cycle.light,
        (*(Pulses(*(column[sides[side]] for column in new)) for side in ("right", "left")), radius, cover),
    )
    medium = eqx.tree_at(lambda one: one.length, cycle.medium, longer)
    return factor_integral(medium, light, cycle.plan, preparation.coherence)
