"""Newton's method for the χ² of counts: minima, and where the profile has risen by a given amount.

Written for one data set and batched with `jax.vmap`; a data set that defeats it is told by its status.
The curvature is JᵀWJ with the slopes J of the expected counts: exact where they are linear in the
parameters. Steps are damped (Levenberg–Marquardt) where they do not descend, and kept within the
bounds of the parameters by holding those that press against one.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from renp._types import Mask
from renp.compiled import compiled
from renp.inference.likelihood import Data, Likelihood
from renp.inference.nuisances import BACKGROUND, EFFICIENCY, NORMALISATION
from renp.inference.poisson import chi2
from renp.validation import Scalar

Point: TypeAlias = Float[Array, "p"]
Real: TypeAlias = Float[Array, ""]
Counts: TypeAlias = Float[Array, "n"]

CONVERGED, NOT_CONVERGED, NO_RISE = 0, 1, 2
STATUS = ("converged", "not converged", "never excluded")
"""What a status means; the last: the χ² does not rise by as much anywhere."""

_FACTORS = ((NORMALISATION, EFFICIENCY), (BACKGROUND,))
"""How names of factors begin that multiply the signal, and the background."""

_TOLERANCE = 1e-13
"""Distance from the minimum in χ², as Newton's method estimates it."""

_SHORTEST = 1e-9
"""Step that ends the search if it does not descend: the χ² has a corner where a run lies on a threshold."""

_SUFFICIENT = 1e-3
"""Share of the expected descent that a step must bring: else steps go back and forth between equal points."""

_FIRST_DAMPING = 1e-4
_LEAST_DAMPING = 1e-12

_TRUSTED = 0.01
"""Share of the rise by which the χ² may lie above its profile for the profile to say which side this is."""

_LEAP = 4
"""How much further than now from the minimum, beside one unit, a step may lead."""

_ACCURATE = 1e-10
"""Share of the rise by which a crossing may be missed."""

_ROUNDING = 1e-14
"""Of the χ², relative to itself and to what its terms are made of."""

_FASTER, _LEAST_REFUSED = 10, 1e-6
"""Factor on the damping after a step, and what a refused step makes of it at least."""

_BEYOND = 1e12
"""Where a parameter of order one is taken to be at infinity."""


class Local(NamedTuple):
    """The χ² at a point, with slope, curvature and the weight of each parameter in its data alone."""

    chi2: Real
    slope: Point
    curvature: Float[Array, "p p"]
    information: Point
    """Diagonal of the Fisher information."""


class Minimum(NamedTuple):
    """Where the χ² is least; infinite if counts were seen in a run in which none can be expected."""

    x: Float[Array, "*batch p"]
    chi2: Float[Array, "*batch"]
    status: Int[Array, "*batch"]
    corner: Bool[Array, "*batch"]
    """Whether the χ² has a corner there, a sharp line on a threshold: other points may be lower."""


class Crossing(NamedTuple):
    """Where the χ², least in all other parameters, has risen."""

    value: Float[Array, "*batch"]
    """Coordinate of the parameter; infinite if it never rises as much."""
    x: Float[Array, "*batch p"]
    status: Int[Array, "*batch"]


@compiled
def local(likelihood: Likelihood, x: Point, data: Data) -> Local:
    """Return the χ² around a point to second order.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> rate = renp.Nuisances(normalisation_error=0.1)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), nuisances=rate)
    >>> x = likelihood.point()
    >>> here = local(likelihood, x, likelihood.asimov(x))
    >>> float(here.chi2), float(here.slope[0])
    (0.0, 0.0)
    """
    expected, slopes, bends = _value_and_slopes(likelihood, x)
    pulled = jnp.zeros(x.size).at[jnp.array(likelihood.constrained, dtype=int)].set(1.0)
    measured = data.pulls[: len(likelihood.constrained)]
    shift = jnp.zeros(x.size).at[jnp.array(likelihood.constrained, dtype=int)].add(-measured) + pulled * x
    seen = expected > 0
    safe = jnp.where(seen, expected, 1.0)
    ratio = jnp.where(seen, data.counts / safe, 0.0)
    weight = jnp.where(seen, ratio / safe, 0.0)
    slope = 2 * (slopes.T @ (1 - ratio) + shift)
    # Where counts are stationary in a parameter, their second derivative is all there is.
    own = pulled + jnp.maximum(bends.T @ (1 - ratio), 0.0)
    far = _bent_by_factors(likelihood, slopes, jnp.maximum(1 - ratio, 0.0))
    curvature = 2 * (slopes.T @ (weight[:, None] * slopes) + jnp.diag(own) + far)
    own = own + jnp.diag(far)
    information = 2 * (jnp.sum(jnp.where(seen[:, None], slopes**2 / safe[:, None], 0.0), axis=0) + own)
    value = chi2(expected, data.counts) + jnp.sum(shift**2)
    if likelihood.masses:
        masses, slopes, bends = _value_and_slopes(likelihood, x, likelihood.external)
        masses, slopes, bends = (one[len(likelihood.constrained) :] for one in (masses, slopes, bends))
        missed = masses - data.pulls[len(likelihood.constrained) :]
        bent = jnp.maximum(bends.T @ missed, 0.0)
        value, slope = value + jnp.sum(missed**2), slope + 2 * slopes.T @ missed
        curvature = curvature + 2 * (slopes.T @ slopes + jnp.diag(bent))
        information = information + 2 * (jnp.sum(slopes**2, axis=0) + bent)
    return Local(value, slope, curvature, information)


def minimise(
    likelihood: Likelihood,
    data: Data,
    start: Point,
    moves: Mask,
    steps: Int[Array, ""] | int = 60,
) -> Minimum:
    """Return the minimum of the χ² in the parameters that move.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    start
        Coordinates to start from; parameters that do not move stay there.
    moves
        Which parameters move.
    steps
        How many steps at most.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 86400.0, counts=[15, 9])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> best = minimise(likelihood, likelihood.data, likelihood.point(), jnp.array([True]))
    >>> STATUS[best.status], f"{float(likelihood.values(best.x)['mu']):.2e}"
    ('converged', '4.40e-11')
    """
    low, high = likelihood.bounds
    sharp = any(one.laser.shape == "sharp" for one in likelihood.experiments)
    shifts = jnp.array(
        [sharp and p.kind in ("constrained", "free") for p in likelihood.parameters], dtype=bool
    )
    seen = jnp.sum(data.counts)

    def body(state: _Descent) -> _Descent:
        x, here, first = state.x, state.here, state.steps < 0
        active = moves & ~_pressed(x, here.slope, low, high) & ~(state.corner & shifts)
        step = -_solve(here.curvature, state.damping * here.information, here.slope[:, None], active)[:, 0]
        trial = jnp.where(first, x, jnp.clip(x + step, low, high))
        there = local(likelihood, trial, data)
        moved = trial - x
        expected = -moved @ (here.slope + here.curvature @ moved / 2)
        rounding = _ROUNDING * (1 + here.chi2 + jnp.sqrt(here.chi2 * seen))
        better = first | (there.chi2 <= here.chi2 - _SUFFICIENT * jnp.maximum(expected, 0.0) + rounding)
        more = jnp.maximum(state.damping, _LEAST_REFUSED) * _FASTER
        damping = jnp.where(better, state.damping / _FASTER, more)
        stalled = ~better & (jnp.max(jnp.abs(moved), initial=0.0) < _SHORTEST)
        # At a corner the parameters that move thresholds rest, and the others find their minimum.
        corner = stalled & ~state.corner & jnp.isfinite(here.chi2) & jnp.any(moves & shifts)
        return _Descent(
            x=jnp.where(better, trial, x),
            here=jax.tree.map(lambda new, old: jnp.where(better, new, old), there, here),
            damping=jnp.where(corner | first, _FIRST_DAMPING, jnp.maximum(damping, _LEAST_DAMPING)),
            corner=state.corner | corner,
            distance=jnp.where(better & ~first, -jnp.sum(here.slope * step) / 2, jnp.inf),
            stalled=stalled & ~corner,
            steps=state.steps + 1,
        )

    def done(state: _Descent) -> Bool[Array, ""]:
        return (state.distance < _TOLERANCE) | (state.stalled & jnp.isfinite(state.here.chi2))

    def going(state: _Descent) -> Bool[Array, ""]:
        return ~done(state) & ~state.stalled & (state.steps < steps)

    # The χ² at the start is the first step's, so that it is compiled once.
    size, no, far = start.size, jnp.array(False), jnp.array(jnp.inf)
    nothing = Local(far, jnp.zeros(size), jnp.zeros((size, size)), jnp.zeros(size))
    begin = _Descent(start, nothing, jnp.array(_FIRST_DAMPING), no, far, no, jnp.array(-1))
    last = jax.lax.while_loop(going, body, begin)
    return Minimum(last.x, last.here.chi2, jnp.where(done(last), CONVERGED, NOT_CONVERGED), last.corner)


def crossing(
    likelihood: Likelihood,
    data: Data,
    best: Minimum,
    moves: Mask,
    k: Int[Array, ""] | int,
    side: Scalar,
    rise: Scalar,
    steps: Int[Array, ""] | int = 60,
) -> Crossing:
    """Return where the χ², least in the other moving parameters, is ``rise`` above its minimum.

    Each step solves for the crossing in the quadratic model of the profile (D. J. Venzon and
    S. H. Moolgavkar, Appl. Statist. 37, 87 (1988)).

    Parameters
    ----------
    likelihood, data
        What is fitted.
    best
        The minimum, with all of ``moves`` moving.
    moves
        Which parameters move.
    k
        Place of the parameter whose crossing is sought.
    side
        1 for the crossing above the minimum, −1 below.
    rise
        Δχ², above 0.
    steps
        How many steps at most.
    """
    low, high = likelihood.bounds
    is_k = jnp.arange(best.x.size) == k
    target = best.chi2 + rise
    end = side * (jnp.where(side > 0, high[k], low[k]) - best.x[k])
    bounded = sum(p.kind in ("magnitude", "rate") for p in likelihood.parameters)
    passes = 1 if bounded < 2 else 4

    def body(state: _Search) -> _Search:
        x, here = state.x, local(likelihood, state.x, data)
        defined = jnp.isfinite(here.chi2)
        active = moves & ~is_k & ~_pressed(x, here.slope, low, high)
        ahead = side * (x[k] - best.x[k])

        def toward(active: Bool[Array, "p"]) -> tuple[_ProfileModel, Real]:
            model = _profile_model(here, k, side, active)
            step = _root(target - (here.chi2 - model.distance), model.slope, model.curvature)
            return model, jnp.where(jnp.isnan(step), jnp.inf, step)  # flat here, but perhaps not further out

        def held(_: Any, active: Bool[Array, "p"]) -> Bool[Array, "p"]:
            """Hold the parameters at a bound that would be taken to give way beyond it."""
            model, step = toward(active)
            heading = model.own + model.along * side * jnp.minimum(step, 1.0)
            return active & ~(((x <= low) & (heading < 0)) | ((x >= high) & (heading > 0)))

        model, step = toward(jax.lax.fori_loop(0, passes - 1, held, active))
        own, along, distance = model.own, model.along, model.distance
        value = here.chi2 - distance
        trusted = distance < _TRUSTED * rise
        below = defined & trusted & (value < target)
        inside = jnp.where(below, jnp.maximum(state.inside, ahead), state.inside)
        over = ~defined | (trusted & (value >= target))
        outside = jnp.where(over, jnp.minimum(state.outside, ahead), state.outside)
        # What gives way on a flat profile may meet its bound further out.
        proposed = ahead + jnp.minimum(step, _LEAP * (ahead + 1))
        accepted = defined & (proposed > inside) & (proposed < outside)
        to = jnp.where(accepted, proposed, jnp.where(outside < jnp.inf, (inside + outside) / 2, proposed))
        to = jnp.minimum(jnp.where(to < _BEYOND, to, _BEYOND), end)
        others = jnp.where(defined, x + own + along * side * (to - ahead), state.good)
        there = jnp.where(is_k, best.x + side * to, jnp.clip(others, low, high))
        crossed = (jnp.abs(value - target) < _ACCURATE * rise) & (distance < _ACCURATE * rise)
        done = defined & crossed & (ahead >= 0)  # beside corners a step may lead to the other crossing
        # Past the bound of the parameter, or of all numbers of order one.
        hopeless = ~done & below & ((to >= _BEYOND) | (ahead >= end))
        return _Search(
            x=jnp.where(done | hopeless, x, there),
            good=jnp.where(defined, x, state.good),
            inside=inside,
            outside=outside,
            status=jnp.where(done, CONVERGED, jnp.where(hopeless, NO_RISE, NOT_CONVERGED)),
            steps=state.steps + 1,
        )

    def going(state: _Search) -> Bool[Array, ""]:
        return (state.status == NOT_CONVERGED) & (state.steps < steps)

    zero, far = jnp.array(0.0), jnp.array(jnp.inf)
    first = _Search(best.x, best.x, zero, far, jnp.array(NOT_CONVERGED), jnp.array(0))
    last = jax.lax.while_loop(going, body, first)
    return Crossing(jnp.where(last.status == NO_RISE, side * jnp.inf, last.x[k]), last.x, last.status)


class _Descent(NamedTuple):
    x: Point
    here: Local
    damping: Real
    corner: Bool[Array, ""]
    distance: Real
    stalled: Bool[Array, ""]
    steps: Int[Array, ""]


class _Search(NamedTuple):
    x: Point
    good: Point
    """The last point at which the χ² was defined."""
    inside: Real
    """Distance from the minimum up to which the profile is known to lie below the target."""
    outside: Real
    """Distance from which it is known to lie above."""
    status: Int[Array, ""]
    steps: Int[Array, ""]


class _ProfileModel(NamedTuple):
    """The profile around a point to second order, in the distance from the minimum."""

    own: Point
    """Step of the other parameters to their minimum."""
    along: Point
    """How they follow the parameter of the profile."""
    distance: Real
    """χ² above that minimum."""
    slope: Real
    curvature: Real


def _profile_model(here: Local, k: Any, side: Scalar, active: Bool[Array, "p"]) -> _ProfileModel:
    coupled = here.curvature[k]
    right = jnp.stack([here.slope, coupled], axis=1)
    own, along = -_solve(here.curvature, _LEAST_DAMPING * here.information, right, active).T
    distance = -jnp.sum(here.slope * own) / 2
    slope = side * (here.slope[k] + coupled @ own)
    # Rounding of a compensation must not turn the curvature negative.
    return _ProfileModel(own, along, distance, slope, jnp.maximum(coupled[k] + coupled @ along, 0.0))


def _pressed(x: Point, slope: Point, low: Point, high: Point) -> Bool[Array, "p"]:
    """Return which parameters press against a bound."""
    return ((x <= low) & (slope >= 0)) | ((x >= high) & (slope <= 0))


def _root(gap: Real, slope: Real, curvature: Real) -> Real:
    """Return the step s with slope·s + curvature·s²/2 = gap, on the rising side."""
    inner = slope**2 + 2 * curvature * gap
    root = jnp.sqrt(jnp.maximum(inner, 0.0))
    below = 2 * gap / (jnp.abs(slope) + root)
    return jnp.where(inner > 0, jnp.where(slope >= 0, below, (root - slope) / curvature), -slope / curvature)


def _solve(
    matrix: Float[Array, "p p"], damping: Point, right: Float[Array, "p m"], active: Mask
) -> Float[Array, "p m"]:
    """Solve a symmetric positive system in the active parameters; the others are 0.

    Gauss's elimination, since LAPACK is called for one small matrix of a batch after the other.
    """
    both = active[:, None] & active[None, :]
    diagonal = jnp.diag(matrix) + damping
    a = jnp.where(both, matrix, 0.0)
    a = a + jnp.diag(jnp.where(active & (diagonal > 0), diagonal, 1.0) - jnp.diag(a))
    a = jnp.concatenate([a, jnp.where(active[:, None], right, 0.0)], axis=1)
    size = active.size

    def eliminate(k: Any, a: Float[Array, "p q"]) -> Float[Array, "p q"]:
        # Rounding must not turn the pivot of a direction that nothing determines negative.
        pivot = jnp.maximum(a[k, k], _ROUNDING * jnp.where(active[k], diagonal[k], 1.0))
        row = a[k] / jnp.where(pivot > 0, pivot, 1.0)
        return (a - a[:, k, None] * row).at[k].set(row)

    # Not unrolled, which with all twelve moments takes most of the time of compilation.
    solved: Float[Array, "p q"] = jax.lax.fori_loop(0, size, eliminate, a) if size else a
    return solved[:, size:]


def _bent_by_factors(
    likelihood: Likelihood, slopes: Float[Array, "n p"], missing: Counts
) -> Float[Array, "p p"]:
    """Return Σ_r of the counts' second derivatives in pulls of factors (1 + σ)^x, times what is missing.

    Factors on the same rate R have the slopes R ln(1 + σ_i) and the bends R ln(1 + σ_i) ln(1 + σ_j).
    """
    found = jnp.zeros((slopes.shape[1], slopes.shape[1]))
    for names in _FACTORS:
        places = [
            k
            for k, p in enumerate(likelihood.parameters)
            if p.kind == "relative" and p.name.startswith(names)
        ]
        if places:
            some = slopes[:, np.array(places)]
            logs = [jnp.log1p(likelihood.parameters[k].plus) for k in places]
            rate = jnp.max(some / jnp.stack(logs), axis=1)
            part = jnp.where(rate > 0, missing / jnp.where(rate > 0, rate, 1.0), 0.0)
            found = found.at[np.ix_(places, places)].add(some.T @ (part[:, None] * some))
    return found


def _value_and_slopes(
    likelihood: Likelihood, x: Point, function: Callable[[Point], Array] | None = None
) -> tuple[Float[Array, "n"], Float[Array, "n p"], Float[Array, "n p"]]:
    """Return the expected counts, or another function of x, with slopes, and bends where parameters bend it.

    Magnitudes are linear, and pulls nearly so, within a constraint that has a curvature of its own; those of
    factors on rates, where few of many counts were seen, have `_bent_by_factors` besides.
    """
    function = likelihood.expected if function is None else function
    expected, push = jax.linearize(function, x)
    slopes = jax.vmap(push, out_axes=1)(jnp.eye(x.size))
    bent = np.array(
        [k for k, p in enumerate(likelihood.parameters) if p.kind in ("coupling", "free")], dtype=int
    )
    if not bent.size:
        return expected, slopes, jnp.zeros_like(slopes)

    def bend(direction: Point) -> Counts:
        def slope(point: Point) -> Counts:
            along: Counts = jax.jvp(function, (point,), (direction,))[1]
            return along

        change: Counts = jax.jvp(slope, (x,), (direction,))[1]
        return change

    bends = jax.vmap(bend, out_axes=1)(jnp.eye(x.size)[bent])
    return expected, slopes, jnp.zeros_like(slopes).at[:, bent].set(bends)
