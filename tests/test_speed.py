"""How much faster than NumPy, as ratios of times taken in turns: half of what a quiet machine shows."""

import jax.numpy as jnp
import kernel
import numpy as np
from measure import fastest

OMEGA = np.linspace(1.0, 1.0717, 10**5)


def test_spectrum() -> None:
    methods = kernel.methods()
    photons = jnp.asarray(OMEGA)
    times = fastest(
        {
            "renp": lambda: methods["renp"](photons),
            "notebook": lambda: methods["NumPy, notebook"](OMEGA),
            "optimised": lambda: methods["NumPy, optimised"](OMEGA),
        },
        seconds=0.5,
    )
    assert times["notebook"] > 20 * times["renp"]
    assert times["optimised"] > 5 * times["renp"]


def test_batch_of_models() -> None:
    points = {name: values[: 2 * kernel.CHUNK] for name, values in kernel.points().items()}
    times = fastest(
        {
            "renp": lambda: kernel.renp_batch(points),
            "NumPy": lambda: kernel.numpy_batch(points),
        },
        seconds=0.5,
    )
    assert times["NumPy"] > 7 * times["renp"]
