"""How the spectra of a wide line depend on couplings, wherever the line is and however wide.

At fixed photon energies the spectrum is a quadratic form in the couplings. It is computed once; what is left
for each calibration and linewidth is an average over the line.
"""

from collections.abc import Iterator
from math import log
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.atoms.lights import Lights
from renp.formula.line import nodes_around
from renp.inference.response import Form, Runs, products_of
from renp.laser import SHARP, Laser
from renp.validation import Scalar, is_traced

_COVERED = 8.0
"""Standard deviations of calibration and linewidth within which the average is exact."""

_PIECE, _GROWTH = 0.75, 1.3
"""Pieces of the integral: in units of the narrowest line, and how they grow outwards."""

_CORE, _TAIL = 4.0, 4.0
"""Where a line is in its tails, in units of its width, and how pieces grow there."""

_FAR = 2.0
"""Where all tails end, eV: beyond any photon energy."""

_MOST_PIECES = {"gaussian": 1500, "lorentzian": 1500, "voigt": 400}
"""Beyond these the average costs more than it saves, by the shape of the line."""

_MOST_NUMBERS = 4_000_000
"""Of all runs and elements, which are kept."""

_ROUND = 32
"""Pieces are as many as a multiple of this, so that other errors do not mean other programs."""

_AT_ONCE = 2048
"""Photon energies whose spectra are computed together."""


class WideResponse(eqx.Module):
    """The form at fixed photon energies; immutable, a pytree."""

    energies: Float[Array, "n m"]
    """eV; of each run its own."""
    weighted: Float[Array, "n m c"]
    """Elements of the form times the weights of the integral."""
    places: tuple[tuple[int, int], ...] = eqx.field(static=True)
    """Which elements they are; 0 is the model."""

    def form(self, laser: Laser, photons: Float[Array, "n"]) -> Form:
        """Return the form averaged over a line at these photon energies."""
        line = laser.profile(self.energies - (photons + laser.offset)[:, None])
        found = jnp.einsum("nm,nmc->nc", line, self.weighted)
        size = max(max(pair) for pair in self.places) + 1
        first, second = np.array(self.places).T
        form = jnp.zeros((len(photons), size, size)).at[:, first, second].set(found)
        return form.at[:, second, first].set(found)


def wide_response(
    units: Any, runs: Runs, signed: list[bool], calibration_error: Scalar, linewidth_error: Scalar
) -> WideResponse | None:
    """Return the response of runs with a wide line; None where fewer energies than are worth it do not do.

    Parameters
    ----------
    units
        Of the couplings, shape (k,).
    runs
        What the spectra depend on.
    signed
        Which couplings interfere; of the others the square alone is needed.
    calibration_error, linewidth_error
        Standard deviations, eV and relative.

    Examples
    --------
    >>> import renp
    >>> from renp.inference.response import form_of, runs_of
    >>> wide = renp.Laser(gaussian=1e-5)
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.07], 1.0, laser=wide)
    >>> known = runs_of(runs, renp.Neutrinos(0.01), renp.Weak(), ())
    >>> found = wide_response(np.ones(0), known, [], 1e-6, 0.1).form(wide, np.array([1.07]))
    >>> bool(abs(found / form_of(np.ones(0), *known) - 1) < 1e-12)
    True
    """
    photons, laser, atom, neutrinos, model, couplings = runs
    if laser.shape == "sharp" or is_traced(calibration_error, linewidth_error, *jax.tree.leaves(runs)):
        return None
    places = [(0, 0), *((k + 1, k + 1) for k, one in enumerate(signed) if not one)]
    mixed = [0, *(k + 1 for k, one in enumerate(signed) if one)]
    places += [(i, j) for n, i in enumerate(mixed) for j in mixed[n:] if j]
    most = _MOST_PIECES[laser.shape]
    around = _around(float(laser.width), float(calibration_error), float(linewidth_error), most)
    if around is None:
        return None
    one = atom.left if isinstance(atom, Lights) else atom  # which has the same levels as the other
    nodes = nodes_around(np.asarray(photons) + np.asarray(laser.offset), around, one, neutrinos)
    energies, weights = (np.asarray(column) for column in nodes)
    if energies.size * len(places) > _MOST_NUMBERS:
        return None
    products = np.concatenate(
        [
            np.asarray(products_of(*np.array(places).T, units, some, SHARP, lit, neutrinos, model, couplings))
            for some, lit in _pieces(energies, atom)
        ]
    )[: energies.size].reshape(*energies.shape, len(places))
    return WideResponse(jnp.asarray(energies), jnp.asarray(products * weights[:, :, None]), tuple(places))


def _pieces(energies: Reals, atom: Atom | Lights) -> Iterator[tuple[Reals, Atom | Lights]]:
    """Yield photon energies of all runs, always as many so that little is compiled, and the atom there."""
    size = energies.size + -energies.size % _AT_ONCE
    places = np.minimum(np.arange(size), energies.size - 1)
    for some in np.split(places, size // _AT_ONCE):
        lit = atom
        if isinstance(atom, Lights):
            lit = atom._replace(share=np.asarray(atom.share)[some // energies.shape[1]])
        yield energies.ravel()[some], lit


def _around(width: float, calibration_error: float, linewidth_error: float, most: int) -> Reals | None:
    """Return ends of pieces around a line, equal ones where it may be, then growing; None if too many."""
    change = (1 + linewidth_error) ** _COVERED
    piece = _PIECE * width / change
    half = _COVERED * calibration_error + _CORE * width / change
    number = int(half / piece) + 1
    if 2 * number > most:
        return None
    dense = piece * np.arange(1, number + 1)
    broad = _CORE * width * change
    growing = dense[-1] + piece * np.cumsum(
        _GROWTH ** np.arange(1 + int(log(1 + broad / piece) / log(_GROWTH)))
    )
    tail = growing[-1] * _TAIL ** np.arange(1, 2 + max(0, int(log(_FAR / growing[-1]) / log(_TAIL))))
    side = np.concatenate([dense, growing, tail])
    both = np.concatenate([-side[::-1], [0.0], side])
    return np.pad(both, (0, -both.size % _ROUND), mode="edge")
