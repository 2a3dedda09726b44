"""Time and memory of the living target: propagation, a whole cycle, and gradients; run it by itself.

    python benchmarks/target.py [propagation | cycle | gradient]

``gradient`` says the peak of its own process, with the forward run beside it.
"""

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import renp
from renp.target.bloch import System, ground, propagate, propagated
from renp.target.preparation import cycle_of
from renp.target.search import changed_mean

CELLS, FRAMES, STEPS = 10_000, 100, 100
VOLUME = 8.0


def timed(call: Callable[[], Any]) -> tuple[float, float, float]:
    """Return the wall time of the first call, of the second, and the processor's time of the second."""
    start = time.perf_counter()
    jax.block_until_ready(call())
    first = time.perf_counter() - start
    start, busy = time.perf_counter(), time.process_time()
    jax.block_until_ready(call())
    return first, time.perf_counter() - start, time.process_time() - busy


def report(name: str, times: tuple[float, float, float]) -> None:
    """Print them, and the memory that the process had at most."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    first, wall, busy = times
    print(
        f"{name}: {wall:.2f} s, {busy:.2f} s of a processor, {first:.1f} s with compiling; peak {peak:.2f} GiB"
    )


def system() -> System:
    """Return atoms without relaxation."""
    one = jnp.ones(1)
    return System(3.0, 0.0, 0.0, 0 * one, one, 0.0, 0.0)


def propagation() -> None:
    """10⁴ cells, 10⁴ steps."""
    enter = jnp.full((FRAMES, STEPS), 0.5)
    fields = (enter, 0 * enter)
    report("propagation", timed(lambda: propagate(system(), ground(1, CELLS), fields, fields)[0]))


def cycle() -> None:
    """Pumps, storage of 1 ms, trigger; then the gradient of its η by all that a search may change."""
    yb, shape = renp.Atom.named("Yb"), {"duration": 1e-9, "waist": 0.5}
    pumps = [renp.Pulse(energy=100.0, **shape), renp.Pulse(energy=100.0, direction="left", **shape)]
    pumps.append(renp.Pulse(energy=1e-3, delay=1e-3, **shape))

    def one() -> Any:
        cycle_times[0] *= 1.001  # not the one that is known already
        prepared = renp.Preparation(
            length=10.0, repetition=10.0, dephasing_time=cycle_times[0], pulses=tuple(pumps)
        )
        return cycle_of(prepared, yb, density=1e20, volume=VOLUME)

    cycle_times = [1e-2]
    report("cycle", timed(lambda: one().factor))
    found, at = one(), jnp.zeros(3 * len(pumps) + 1)
    slope = jax.jit(jax.value_and_grad(lambda x: changed_mean(found, x, VOLUME)))
    report(f"its gradient by {at.size} parameters", timed(lambda: slope(at)))


def gradient() -> None:
    """Of the mean coherence by both pulses' heights, times and durations, through 10⁸ cells times steps."""
    clock = (jnp.arange(FRAMES * STEPS) / CELLS).reshape(FRAMES, STEPS)

    def mean(x: Any) -> Any:
        right, left = (x[k] * jnp.exp(-(((clock - x[k + 1]) / x[k + 2]) ** 2)) for k in (0, 3))
        end, _ = propagated(system(), ground(1, CELLS), (right, 0 * right), (left, 0 * left))
        return jnp.mean(4 * (end.coherence[0] ** 2 + end.coherence[1] ** 2))

    at = jnp.array([1.0, 0.4, 0.2, 1.0, 0.4, 0.2])
    forward, both = jax.jit(mean), jax.jit(jax.value_and_grad(mean))
    report("forward", timed(lambda: forward(at)))
    report("gradient", timed(lambda: both(at)))


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["propagation", "cycle", "gradient"]
    for name in chosen:
        {"propagation": propagation, "cycle": cycle, "gradient": gradient}[name]()
