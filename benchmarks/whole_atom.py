"""Print the time of spectra with everything on, relative to the papers' atom; the bar is 2."""

import jax
import jax.numpy as jnp
import numpy as np
from measure import fastest

import renp
from renp.formula.line import line_spectrum

NU = renp.Neutrinos(0.01)
MODEL = renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11})
OMEGA = jnp.asarray(np.linspace(1.0, 1.0717, 2000))

if __name__ == "__main__":
    full = renp.Atom.named("Yb", "full")
    atoms = {
        "papers": renp.Atom.named("Yb"),
        "full": full,
        "full, right": full.in_light("right"),
        "full, right, boosted": full.in_light("right").boosted(0.01),
        "full, right, boosted, in a medium": full.in_light("right").boosted(0.01).in_medium(1.00001),
    }

    sharp = renp.Laser()
    times = fastest(
        {
            name: lambda atom=atom: jax.block_until_ready(line_spectrum(OMEGA, sharp, atom, NU, MODEL))
            for name, atom in atoms.items()
        }
    )
    for name, time in times.items():
        print(f"{name:36} {1e6 * time:8.1f} us  {time / times['papers']:.2f}")
