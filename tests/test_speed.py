"""How much faster than NumPy, as ratios of times taken in turns: half of what a quiet machine shows."""

import jax.numpy as jnp
import kernel
import numpy as np
import pytest
from measure import fastest

import renp

OMEGA = np.linspace(1.0, 1.0717, 10**5)


@pytest.mark.slow
def test_spectrum() -> None:
    methods = kernel.methods()
    photons = jnp.asarray(OMEGA)
    times = fastest(
        {
            "renp": lambda: methods["renp, compiled function"](photons),
            "notebook": lambda: methods["NumPy, notebook"](OMEGA),
            "optimised": lambda: methods["NumPy, optimised"](OMEGA),
        },
        seconds=0.5,
    )
    assert times["notebook"] > 20 * times["renp"]
    assert times["optimised"] > 5 * times["renp"]


@pytest.mark.parametrize("size", [7, 1000])
def test_public_functions_at_few_photon_energies(size: int) -> None:
    omega = np.linspace(1.0, 1.0717, size)
    runs = renp.Experiment(kernel.YB, renp.Target(), omega, 86400.0)
    notebook = kernel.methods()["NumPy, notebook"]
    times = fastest(
        {
            "spectral_function": lambda: renp.spectral_function(omega, kernel.YB, kernel.NU, kernel.MODEL),
            "expected_counts": lambda: renp.expected_counts(runs, kernel.NU, kernel.MODEL),
            "notebook": lambda: notebook(omega),
        },
        seconds=0.3,
    )
    assert times["spectral_function"] < times["notebook"]
    assert times["expected_counts"] < 1.5 * times["notebook"]


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
