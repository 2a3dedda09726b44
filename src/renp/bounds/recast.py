"""Recasts: what experiments that scatter neutrinos on electrons say on the product of a mediator's couplings.

An experiment is a window of recoil energies with a flux, a background and an exposure, of which
``data/scattering.toml`` says whether each was read. Its χ² for s_k counts more in bin k, n_k without them, is

    χ² = sᵀ V⁻¹ s/κ,  V = diag[n_k (1 + t_on/t_off)] + 10⁴ Σ f fᵀ,

where f are the counts of each background and solar spectrum that the experiment fits: free to a hundred times
their size. A sum of fluxes known from elsewhere is one more bin, in which s is 0. Where a ratio r ± δr of
measured to predicted rate is published, χ² = ((1 + s/n) − r)²/δr². κ stands for all that is not in these
numbers, systematic errors and the luck of the measurement first of all: it is such that the published limit
on the moment comes back, and `own_moment_limit` is what κ = 1 gives. What is predicted then is the limit on
spectra of another shape.

Assumed: electrons free above their binding energy, background flat where it is not fitted, resolution
Gaussian. The electron's coupling is said with each limit: RENP sees the axial and the pseudoscalar one, a
dark photon and B − L have the vector one.
"""

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import ArrayLike
from scipy.special import erf, ndtri

from renp._types import Reals
from renp.bounds.catalogue import Bound
from renp.bounds.model import solar_weights
from renp.bounds.scattering import Matrix, cross_section, electron_state, overlaps
from renp.constants import ELECTRON_MASS, FERMI_CONSTANT
from renp.datafiles import read_toml
from renp.interactions import ScalarMediator, VectorMediator
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.validation import choice, confidence, within

_FINE = 240
"""Recoil energies of the integral over the window."""
_ENERGIES = 48
"""Neutrino energies of each continuous spectrum."""
_FREE = 100.0
"""Width of the prior of what is fitted, over its size."""


@dataclass(frozen=True)
class Recoils:
    """An experiment of ``data/scattering.toml``; see there for units."""

    key: str
    name: str
    source: str
    window: tuple[float, float]
    bins: int
    electrons: float
    year: int
    moment: float
    """Published limit on the effective moment, μ_B, 90 % C.L."""
    read: str
    memory: str
    references: tuple[str, ...]
    arxiv: str = ""
    flux: float = 0.0
    shells: tuple[tuple[float, int], ...] = ()
    atom: int = 1
    exposure: float = 1.0
    background: float = 0.0
    on_off: float = 0.0
    resolution: tuple[float, float] = (0.0, 0.0)
    threshold: tuple[float, float] = (0.0, 1.0)
    ratio: tuple[float, ...] = ()
    fitted: tuple[tuple[float, float, float], ...] = ()
    free_fluxes: tuple[tuple[str, float], ...] = ()
    sum_error: float = 0.0

    @property
    def antineutrino(self) -> bool:
        """Whether antineutrinos arrive."""
        return self.source == "reactor"


@dataclass(frozen=True)
class RecastLimit:
    """Ends of what one experiment allows of the product of couplings, over the mediator's mass."""

    experiment: Recoils
    exchange: str
    """Of `renp.bounds.scattering.EXCHANGES`: the electron's coupling that is assumed."""
    mass: Reals
    """eV, shape (n,)."""
    low: Reals
    high: Reals
    """Shape (n,); in the unit of what is exchanged."""

    @property
    def limit(self) -> Reals:
        """On the absolute value of the product, whatever its sign."""
        return np.maximum(-self.low, self.high)


def recoil_experiments() -> tuple[Recoils, ...]:
    """Return the experiments that can be recast.

    Examples
    --------
    >>> [experiment.key for experiment in recoil_experiments()]
    ['texono', 'gemma', 'borexino', 'xenonnt', 'lz']
    """
    return tuple(
        Recoils(**{name: _frozen(value) for name, value in table.items()})
        for table in read_toml("scattering.toml")["experiment"]
    )


def recast_limit(
    key: str,
    exchange: str,
    mass: ArrayLike = 0.0,
    neutrinos: Neutrinos | None = None,
    *,
    pattern: ArrayLike | None = None,
    confidence_level: float = 0.90,
    calibrated: bool = True,
) -> RecastLimit:
    """Return what an experiment allows of g^e g^ν, y^e y^ν, a moment, charge, charge radius or anapole.

    Parameters
    ----------
    key
        Of `recoil_experiments`.
    exchange
        One of `renp.bounds.scattering.EXCHANGES`.
    mass
        Of the particle, eV, shape (n,); not read for a photon.
    neutrinos
        Give mixing; those of 0.01 eV and the package's release if left out.
    pattern
        N, shape (3, 3), mass basis: couplings in units of the product; if left out the unit matrix.
    confidence_level
        Two-sided, of one parameter.
    calibrated
        Whether κ gives back the published limit on the moment; a ratio of rates has none to choose.

    Examples
    --------
    >>> recast_limit("gemma", "moment").limit.round(13)
    array([2.9e-11])
    >>> f"{recast_limit('gemma', 'charge').limit[0]:.1e}"  # V. B. Brudanin et al. 2014: 2.7e-12
    '2.8e-12'
    """
    known = {experiment.key: experiment for experiment in recoil_experiments()}
    of = known[choice("key", key, tuple(known))]
    masses = np.atleast_1d(within("mass", mass, "a mass in eV, at least 0", low=0, unit="eV"))
    nu = Neutrinos(0.01) if neutrinos is None else neutrinos
    rise = float(ndtri((1 + float(confidence(confidence_level))) / 2)) ** 2
    kappa = _calibration(of, nu) if calibrated and not of.ratio else 1.0
    N = np.eye(3) if pattern is None else np.asarray(pattern)
    low, high = _ends(of, exchange, masses, nu, N, rise, kappa)
    return RecastLimit(of, exchange, masses, low, high)


def recast_bounds(term: Interaction, neutrinos: Neutrinos) -> tuple[tuple[Bound, float], ...]:
    """Return a mediator's product of couplings, its largest element, and what each experiment allows of it.

    A mediator of any other class, or none, has no entry. Where electrons have both an axial and a vector
    coupling, each is compared alone.

    Examples
    --------
    >>> import renp
    >>> light = renp.VectorMediator(10.0, 1e-7, left={(1, 1): 1e-6})
    >>> [f"{b.experiment} {b.limit:.1e} {x:.1e}" for b, x in recast_bounds(light, Neutrinos(0.01))][3]
    'XENONnT, recast: axial 3.8e-14 1.0e-13'
    """
    found = []
    for exchange, electron, pattern in mediator_products(term, neutrinos):
        size = float(np.max(np.abs(pattern)))
        if not electron * size:
            continue
        for of in recoil_experiments():
            limit = recast_limit(of.key, exchange, float(term.mass), neutrinos, pattern=pattern / size)  # type: ignore[attr-defined]
            bound = Bound(
                key=f"{of.key}-recast-{exchange}",
                experiment=f"{of.name}, recast: {exchange}",
                year=of.year,
                observable=f"{exchange} coupling of electrons times the largest coupling of neutrinos",
                kind="product",
                confidence_level=0.90,
                reference=f"recast of arXiv:{of.arxiv}",
                arxiv=of.arxiv,
                verified=False,
                note=f"Read: {of.read} From memory: {of.memory}",
                limit=float(limit.limit[0]),
                references=of.references,
            )
            found.append((bound, electron * size))
    return tuple(found)


def mediator_products(term: Interaction, neutrinos: Neutrinos) -> list[tuple[str, float, Any]]:
    """Return how a mediator couples to electrons, how strongly, and its N; nothing for any other interaction.

    One that is derived from these may depend on q² in another way, which recoils would show: it is another.

    Examples
    --------
    >>> light = VectorMediator(10.0, 1e-7, left={(1, 1): 1e-6}, electron_vector=2e-7)
    >>> [(kind, electron) for kind, electron, _ in mediator_products(light, Neutrinos(0.01))]
    [('axial', 1e-07), ('vector', 2e-07)]
    """
    if type(term) is VectorMediator:
        unit = eqx.tree_at(lambda one: (one.electron, one.electron_vector), term, (1.0, 0.0))
        found, kappa = unit.couplings(neutrinos, -1.0), np.asarray(unit.propagator(-1.0)) / 2**0.5
        pattern = np.asarray(found.get("V") - found.get("A")) / kappa * FERMI_CONSTANT
        sizes = {"axial": term.electron, "vector": term.electron_vector}
        return [(kind, abs(float(size)), pattern) for kind, size in sizes.items()]
    if type(term) is ScalarMediator:
        unit = eqx.tree_at(lambda one: one.electron, term, 1.0)
        found, kappa = unit.couplings(neutrinos, -1.0), np.asarray(unit.propagator(-1.0)) / (2 * 2**0.5)
        pattern = np.asarray(found.get("s") - found.get("p")) / (1j * kappa)
        pattern = pattern * FERMI_CONSTANT * ELECTRON_MASS
        return [("pseudoscalar", abs(float(term.electron)), pattern)]
    return []


def own_moment_limit(of: Recoils, neutrinos: Neutrinos) -> float:
    """Return the 90 % limit on the effective moment that the numbers alone give, with κ = 1, μ_B.

    Examples
    --------
    >>> texono = recoil_experiments()[0]
    >>> round(own_moment_limit(texono, Neutrinos(0.01)) / texono.moment, 2)
    0.96
    """
    rise = float(ndtri(0.95)) ** 2
    _, high = _ends(of, "moment", np.zeros(1), neutrinos, np.eye(3), rise, 1.0)
    return float(high[0])


def _calibration(of: Recoils, neutrinos: Neutrinos) -> float:
    """Return κ: without interference, counts and so χ² go as the moment to the fourth power."""
    return (of.moment / own_moment_limit(of, neutrinos)) ** 4


def _ends(
    of: Recoils, exchange: str, masses: Reals, nu: Neutrinos, pattern: Any, rise: float, kappa: float
) -> tuple[Reals, Reals]:
    """Return the furthest ends of χ² ≤ χ²_min + rise, a quartic in the product."""
    standard, linear, quadratic, fluxes = _counts(of, exchange, masses, nu, pattern)
    if of.ratio:
        offset, error = of.ratio[0] - 1, of.ratio[1]
        linear, quadratic, offset = linear / standard / error, quadratic / standard / error, offset / error
    else:
        root = np.linalg.cholesky(_variance(of, standard[0], fluxes))
        linear, quadratic = (
            np.linalg.solve(root, np.pad(one, ((0, 0), (0, len(root) - of.bins))).T).T / sqrt(kappa)
            for one in (linear, quadratic)
        )
        offset = 0.0
    ends = [_quartic_ends(a, b, offset, rise) for a, b in zip(linear, quadratic, strict=True)]
    return np.array([end[0] for end in ends]), np.array([end[1] for end in ends])


def _variance(of: Recoils, standard: Reals, fluxes: Reals) -> Reals:
    """Return V; its last row is that of the sum of fluxes, if one is known."""
    low, high = of.window
    noise = of.background * of.exposure * (high - low) / of.bins * _seen(of)
    backgrounds = np.array([_background(of, *one) for one in of.fitted]).reshape(-1, of.bins)
    counts = noise * (1 + of.on_off) + backgrounds.sum(axis=0) + standard
    if not of.free_fluxes:
        return np.asarray(np.diag(counts) + _FREE**2 * backgrounds.T @ backgrounds)
    shares = np.array([share for _, share in of.free_fluxes])
    free = np.vstack([np.pad(backgrounds, ((0, 0), (0, 1))), np.column_stack([fluxes, shares])])
    return np.asarray(np.diag(np.append(counts, of.sum_error**2)) + _FREE**2 * free.T @ free)


def _background(of: Recoils, lowest: float, endpoint: float, rate: float) -> Reals:
    """Return the counts of an allowed β spectrum from an energy on, or of a line there, shape (bins,)."""
    energy, share = _beta(endpoint) if endpoint else (np.zeros(1), np.ones(1))
    return np.asarray(_response(of, lowest + endpoint - energy) @ share * rate * of.exposure)


def _quartic_ends(a: Reals, b: Reals, offset: float, rise: float) -> tuple[float, float]:
    """Return where Σ (a c + b c² − offset)² = its minimum + rise, furthest out, in units that suit it."""
    unit = max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)) ** 0.5, 1e-300)
    a, b = a / unit, b / unit**2
    square = len(a) * offset**2
    coefficients = np.array(
        [*(np.sum(x) for x in (b * b, 2 * a * b, a * a - 2 * offset * b, -2 * offset * a)), square]
    )
    slopes = np.roots(np.polyder(coefficients))
    least = min(np.polyval(coefficients, slopes[np.abs(slopes.imag) < 1e-6 * (1 + np.abs(slopes))].real))
    coefficients[-1] -= least + rise
    roots = np.roots(coefficients)
    real = roots[np.abs(roots.imag) < 1e-6 * (1 + np.abs(roots))].real
    return float(real.min()) / unit, float(real.max()) / unit


def _counts(
    of: Recoils, exchange: str, masses: Reals, nu: Neutrinos, pattern: Any
) -> tuple[Reals, Reals, Reals, Reals]:
    """Return counts: the weak ones, those linear and quadratic in the product, the free fluxes' weak ones.

    The first three have the shape (masses, bins), the last (free fluxes, bins).
    """
    low, high = of.window
    spread = 4 * of.resolution[0] * sqrt(low / 1e3) * (of.resolution[0] > 0)
    T = np.geomspace(max(low - spread, low / 3), high * (1 + (of.resolution[0] > 0) * 0.2), _FINE)
    measure = np.gradient(T) * of.exposure * _electrons(of, T)
    response = _response(of, T) * measure
    totals = [np.zeros((len(masses), len(T))) for _ in range(3)]
    each = {}
    for name, energy, weight, density in _flux(of, nu):
        traces = overlaps(density, pattern, nu)
        spectra = cross_section(
            T[:, None], energy, exchange, traces, masses[:, None, None], antineutrino=of.antineutrino
        )
        for total, spectrum in zip(totals, spectra, strict=True):
            total += spectrum @ weight
        each[name] = spectra[0] @ weight
    free = np.array([each[name] for name, _ in of.free_fluxes]).reshape(-1, len(T))
    return tuple(one @ response.T for one in (*totals, free))  # type: ignore[return-value]


def _electrons(of: Recoils, T: Reals) -> Reals:
    """Return the electrons of a gram that can be freed with T."""
    bound = sum((n * (energy > T) for energy, n in of.shells), np.zeros_like(T))
    return np.asarray(of.electrons * (1 - bound / of.atom))


def _response(of: Recoils, T: Reals) -> Reals:
    """Return the probability that a recoil T is counted in a bin, shape (bins, n)."""
    edges = np.linspace(*of.window, of.bins + 1)
    a, b = of.resolution
    width = a * np.sqrt(T / 1e3) + b * T + 1e-9  # above 0 without one
    below = (1 + erf((edges[:, None] - T) / (sqrt(2) * width))) / 2
    return np.asarray(_seen(of)[:, None] * np.diff(below, axis=0))


def _seen(of: Recoils) -> Reals:
    """Return the efficiency in each bin over that far above the threshold, shape (bins,)."""
    half, slope = of.threshold
    if not half:
        return np.ones(of.bins)
    edges = np.linspace(*of.window, of.bins + 1)
    centre = (edges[1:] + edges[:-1]) / 2
    return np.asarray(1 + erf((centre - half) / (sqrt(2) * slope))) / 2


def _flux(of: Recoils, nu: Neutrinos) -> list[tuple[str, Reals, Reals, Matrix]]:
    """Return name, energies (eV), fluxes in steps (1/cm² s) and density matrix of each spectrum."""
    if of.source == "reactor":
        energy, weight = _reactor()
        return [("reactor", energy, of.flux * weight, electron_state(nu))]
    parts = []
    for name, spectrum in read_toml("scattering.toml")["solar"].items():
        if "lines" in spectrum:
            energy, share = np.array(spectrum["lines"]).T
        else:
            energy, share = _beta(spectrum["endpoint"])
        # mass eigenstates, whose weights change slowly with the energy: those at each spectrum's mean
        weights = solar_weights(nu, float(np.sum(energy * share)))
        parts.append((name, energy, spectrum["flux"] * share, np.diag(np.asarray(weights)).astype(complex)))
    return parts


@cache
def _reactor() -> tuple[Reals, Reals]:
    energy = np.linspace(0.05, 9.0, 6 * _ENERGIES)
    fission = sum(
        one["share"] * np.exp(np.polyval(one["spectrum"][::-1], energy))
        for one in read_toml("scattering.toml")["reactor"]
    )
    return energy * 1e6, np.asarray(fission / fission.sum())


@cache
def _beta(endpoint: float) -> tuple[Reals, Reals]:
    """Return an allowed β spectrum of neutrinos without the nucleus's charge, in equal steps."""
    energy = (np.arange(_ENERGIES) + 0.5) / _ENERGIES * endpoint
    positron = endpoint - energy + ELECTRON_MASS
    shape = energy**2 * positron * np.sqrt(positron**2 - ELECTRON_MASS**2)
    return energy, shape / shape.sum()


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
