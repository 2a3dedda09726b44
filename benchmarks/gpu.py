"""The same code on the device that JAX finds, beside the CPU: spectrum, a batch of models, toys.

Run as ``python benchmarks/gpu.py`` where JAX has been installed for a GPU (``pip install "jax[cuda12]"``). Without
one it says so. Both run the same compiled functions on the same numbers; results are compared, then timed.
"""

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import kernel
import numpy as np
import profiled_limits
from measure import fastest, relative_error

from renp.formula.master_formula import total_spectrum
from renp.inference.newton import minimise

PHOTONS = 10**7
TOYS = 10**5


def main() -> int:
    """Print a table of ratios; return 1 without a GPU, or if a result differs by more than 10⁻¹⁰."""
    devices = {d.platform: d for d in (*_devices("cpu"), *_devices("gpu"))}
    if "gpu" not in devices:
        print("JAX finds no GPU here")
        return 1
    print(f"{devices['gpu'].device_kind} beside {jax.devices('cpu')[0].device_kind}")
    print(f"{'':32}{'CPU':>12}{'GPU':>12}{'ratio':>9}{'largest difference':>22}")
    worst = 0.0
    for name, function, given in _cases():
        calls = {kind: _on(device, function, given) for kind, device in devices.items()}
        found = {kind: np.asarray(call()) for kind, call in calls.items()}
        times = fastest(calls, seconds=3.0, rounds=20)
        difference = relative_error(found["gpu"], found["cpu"])
        worst = max(worst, difference)
        cpu, gpu = times["cpu"], times["gpu"]
        print(f"{name:32}{cpu:10.4f} s{gpu:10.4f} s{cpu / gpu:9.1f}{difference:22.1e}")
    return int(worst > 1e-10)


def _devices(platform: str) -> list[Any]:
    try:
        return list(jax.devices(platform)[:1])
    except RuntimeError:
        return []


def _cases() -> list[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    likelihood = profiled_limits.letter(profiled_limits.TEN_DAYS, profiled_limits.CHOICES["rates"])
    data = profiled_limits.toys(likelihood, TOYS)
    moves = jnp.ones(len(likelihood.names), dtype=bool)

    def fits(data: Any) -> Any:
        return jax.vmap(lambda one: minimise(likelihood, one, likelihood.start, moves).chi2)(data)

    photons = np.linspace(1.0, 1.0716, PHOTONS)
    points = {name: np.tile(values, 10) for name, values in kernel.points().items()}
    return [
        (
            "spectrum, 10⁷ photon energies",
            lambda w: total_spectrum(w, kernel.YB, kernel.NU, kernel.MODEL),
            (photons,),
        ),
        ("10⁶ models × 7 photon energies", kernel.of_points, (points,)),
        ("fits of 10⁵ toys, 7 parameters", fits, (data,)),
    ]


def _on(device: Any, function: Callable[..., Any], given: tuple[Any, ...]) -> Callable[[], Any]:
    placed, compiled = jax.device_put(given, device), jax.jit(function)

    def call() -> Any:
        with jax.default_device(device):
            return jax.block_until_ready(compiled(*placed))

    return call


if __name__ == "__main__":
    sys.exit(main())
