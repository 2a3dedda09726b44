"""Every picture that the package draws, of invented numbers: no formula is compiled for them."""

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import xarray as xr

from renp.atoms.atom import Atom, symbols
from renp.constants import DAY
from renp.neutrinos import Neutrinos
from renp.results import Bounds, Catalogue, Counts, Limits, Result, Spectrum
from renp.results.advantage import Advantage
from renp.results.atom import AtomSheet
from renp.results.comparison import Comparison, Number
from renp.results.fit import Estimate, Fit
from renp.results.hypotheses import (
    Discovery,
    HypothesisComparison,
    Pair,
    Probability,
    RequiredExposure,
)
from renp.results.information import Correlations, Information
from renp.results.light import TargetLight
from renp.results.masses import MassCurves
from renp.results.mediators import MediatorSpectra, MediatorSpectrum, Reach, ReachCurves
from renp.results.moments import LimitCurves, MomentSpectra
from renp.results.plan import Plan
from renp.results.profiles import Contour, Profile
from renp.results.ranking import Ranking
from renp.results.region import Region
from renp.results.scan import Scan
from renp.results.sensitivity import Sensitivity
from renp.results.target import TargetCycle
from renp.results.toys import Coverage, CoverageRow, Toys
from renp.target.light import Channel, Light

MADE: dict[str, Any] = {"made_by": {"renp": "0", "atom": "Yb"}}
EDGES = {"11": 1.07165, "12": 1.07163, "13": 1.0710, "22": 1.07161, "23": 1.07098, "33": 1.0703}
OMEGA = np.linspace(1.066, 1.0718, 300)
KINDS = ("magnetic-moment", "electric-moment")
RANDOM = np.random.default_rng(7)


LONG = "axion-like-particle-with-derivative-couplings"
"""A name that a user may give."""


def spectrum_of(pair: str) -> Any:
    return 0.012 * np.sqrt(np.maximum(EDGES[pair] - OMEGA, 0) / 0.005)


STANDARD = sum(map(spectrum_of, EDGES))


def by_element(of: Callable[[int], Any], elements: Any = tuple(EDGES)) -> Any:
    return {kind: {e: of(k + 7 * n) for k, e in enumerate(elements)} for n, kind in enumerate(KINDS)}


def spectrum(**changed: Any) -> Spectrum:
    made: dict[str, Any] = {
        "photon_energy": OMEGA,
        "spectral_function": STANDARD * 1.3,
        "standard_model": STANDARD,
        "pairs": {pair: spectrum_of(pair) for pair in EDGES},
        "interactions": {
            "weak": STANDARD,
            "magnetic-moment": 0.4 * STANDARD,
            "vector-mediator": 0.1 * STANDARD,
            "interference": -0.2 * STANDARD,
        },
        "thresholds": EDGES,
        "atom": "Yb",
    }
    return Spectrum(**made | changed, **MADE)


def counts(runs: int, observed: bool) -> Counts:
    expected = np.linspace(120, 20, runs)
    return Counts(
        photon_energy=np.linspace(1.0681, 1.07159, runs),
        duration=np.full(runs, 10 * DAY),
        expected=expected * 1.2,
        standard_model=expected,
        background=np.full(runs, 5.0),
        observed=np.round(expected * 1.1) if observed else None,
        atom="Yb",
        **MADE,
    )


def limits(elements: tuple[str, ...], *, bands: Any = False, observed: bool = False, **more: Any) -> Limits:
    found = by_element(lambda k: 2e-11 * 1.17**k, elements)
    made: dict[str, Any] = {
        "confidence_level": 0.9,
        "kind": "observed" if observed else "expected",
        "method": "cls" if bands else "delta-chi2",
        "profiled": False,
        "units": dict.fromkeys(KINDS, "μ_B"),
        "limits": found,
        "expected": by_element(lambda k: 2.3e-11 * 1.15**k, elements),
    }
    if bands:
        made["bands"] = (
            bands
            if isinstance(bands, dict)
            else {
                kind: {e: tuple(x * f for f in (0.6, 0.8, 1.0, 1.3, 1.7)) for e, x in of.items()}
                for kind, of in found.items()
            }
        )
    if len(elements) > 1:
        made["neutrinos"] = Neutrinos(0.01, nature="dirac" if "11" in elements else "majorana")
    return Limits(**made | more, **MADE)


def strengths() -> Limits:
    found = {"magnetic-moment": {"11": 3e-11}, "vector-mediator": {"strength": 2.5, "other": math.inf}}
    units = {"magnetic-moment": "μ_B", "vector-mediator": ""}
    return limits(("11",), limits=found, expected=found, units=units)


def sensitivity(over: str, elements: tuple[str, ...], kinds: int = 2, points: int = 25) -> Sensitivity:
    values = np.geomspace(1, 1000, points) if over == "exposure" else np.geomspace(1e-3, 1e5, 60)
    curves: Any = by_element(lambda k: 3e-11 * 1.13**k * (values / values[0]) ** -0.25, elements)
    if over == "mediator-mass":
        curves = {"vector-mediator": {"strength": 1e-16 * (1 + values**2)}}
    curves = dict(list(curves.items())[:kinds])
    factors = np.array([0.6, 0.8, 1.0, 1.25, 1.6])[:, None]
    return Sensitivity(
        over=over,
        values=values,
        limits=curves,
        bands={kind: {e: factors * x for e, x in of.items()} for kind, of in curves.items()},
        existing={
            kind: {
                e: {"Borexino": x[0] * 2 + 0 * x, "XENONnT": x[0] / 3 + 0 * x, "red giants": x[0] / 5 + 0 * x}
                for e, x in of.items()
            }
            for kind, of in curves.items()
        },
        units=dict.fromkeys(curves, "" if over == "mediator-mass" else "μ_B"),
        poles=np.array([0.5, 0.8]) if over == "mediator-mass" else np.zeros(0),
        confidence_level=0.9,
        **MADE,
    )


def estimate(name: str, kind: str, value: float, error: float, unit: str = "", pull: float = math.nan) -> Any:
    lower = max(value - 1.7 * error, 0.0) if kind == "magnitude" else value - 1.7 * error
    return Estimate(
        name, kind, unit, value, error, lower, value + 1.6 * error, pull, 0.9 + 0 * pull, "fitted"
    )


NUISANCES = (
    "normalisation",
    "background_1",
    "background_2",
    "sin2_theta12",
    "dm2_21",
    "delta_cp",
    "calibration",
)


def fit(couplings: int, nuisances: int, runs: int, *, valid: bool = True) -> Fit:
    estimates = {
        f"magnetic-moment {e}": estimate(f"magnetic-moment {e}", "magnitude", 3e-11 + k * 1e-11, 1e-11, "μ_B")
        for k, e in enumerate(list(EDGES)[:couplings])
    }
    if couplings:
        estimates |= {"vector-mediator strength": estimate("vector-mediator strength", "coupling", -0.7, 0.6)}
    estimates |= {
        name: estimate(name, "constrained", 1.0, 0.1, pull=(-1) ** k * 0.4 * k)
        for k, name in enumerate(NUISANCES[:nuisances])
    }
    p = len(estimates)
    mixed = np.eye(p) + 0.5 * np.exp(-0.5 * np.abs(np.subtract.outer(np.arange(p), np.arange(p))))
    expected = np.linspace(120, 20, runs)
    return Fit(
        estimates=estimates,
        covariance=mixed,
        coordinates=np.zeros(p),
        chi2=3.2,
        degrees_of_freedom=max(runs - p, 0),
        p_value=0.4 if valid else 1e-9,
        confidence_level=0.9,
        photon_energy=np.linspace(1.0681, 1.07159, runs),
        observed=np.round(expected * np.linspace(0.8, 1.2, runs)),
        expected=expected,
        valid=valid,
        diagnosis=() if valid else ("The counts are at odds with the model.",),
        **MADE,
    )


def renamed_fit(made: Fit) -> Fit:
    """Return a fit whose last parameter has a long name."""
    *others, (last, one) = made.estimates.items()
    return replace(made, estimates=dict(others) | {f"{LONG} {last}": replace(one, name=f"{LONG} {last}")})


def profile(best: float) -> Profile:
    values = np.linspace(0, 8e-11, 61)
    return Profile(
        name="magnetic-moment 11",
        unit="μ_B",
        magnitude=True,
        values=values,
        delta_chi2=((values - best) / 1.2e-11) ** 2,
        best=best,
        chi2=2.0,
        not_converged=0,
        **MADE,
    )


def contour() -> Contour:
    x, y = np.linspace(0, 6e-11, 30), np.linspace(-2, 2, 31)
    rise = ((x[:, None] - 2e-11) / 1e-11) ** 2 + y**2 + 0.6 * y * (x[:, None] - 2e-11) / 1e-11
    return Contour(
        names=("magnetic-moment 11", "vector-mediator strength"),
        units=("μ_B", ""),
        magnitudes=(True, False),
        values=(x, y),
        delta_chi2=rise,
        best=(2e-11, 0.0),
        chi2=1.0,
        not_converged=0,
        **MADE,
    )


def ranking() -> Ranking:
    n = len(NUISANCES)
    steps = 5e-12 * 0.7 ** np.arange(n)
    both = {"down": -steps, "up": 0.9 * steps}
    pulls = np.linspace(-1, 1.4, n)
    pulls[2] = math.nan
    return Ranking(
        name="magnetic-moment 11",
        unit="μ_B",
        magnitude=True,
        value=3e-11,
        limit=5e-11,
        confidence_level=0.9,
        parameters=NUISANCES,
        pulls=pulls,
        pull_errors=np.full(n, 0.8),
        limit_postfit=both,
        limit_prefit={side: 1.3 * x for side, x in both.items()},
        value_postfit=both,
        value_prefit=both,
        diagnosis=(),
        **MADE,
    )


def correlations(n: int) -> Correlations:
    names = ("magnetic-moment 11", *NUISANCES)[:n]
    apart = np.subtract.outer(np.arange(n), np.arange(n))
    return Correlations(names=names, correlation=np.cos(apart) * np.exp(-0.3 * np.abs(apart)), **MADE)


def information() -> Information:
    names = ("magnetic-moment 11", "magnetic-moment 12", "lightest_mass")
    return Information(
        names=names,
        matrix=np.eye(3),
        errors=np.ones(3),
        correlation=correlations(3).correlation,
        unseen=(),
        **MADE,
    )


def discovery(q0: float, toys: int) -> Discovery:
    return Discovery(
        coupling="magnetic-moment 11",
        kind="observed",
        sided="one-sided",
        q0=q0,
        significance=math.sqrt(q0),
        p_value=0.1,
        best_fit={"magnetic-moment 11": 0.0},
        null_fit={},
        toys=np.where(RANDOM.random(toys) < 0.5, 0.0, RANDOM.chisquare(1, toys)),
        toy_p_value=Probability(0.1, 0.09, 0.11) if toys else None,
        failed=0,
        **MADE,
    )


def hypotheses(names: tuple[str, ...], toys: int, observed: bool = False) -> HypothesisComparison:
    pairs = tuple(
        Pair(a, b, 4.0 + abs(i - j), 3.5, 2.0 + abs(i - j), 1.9, 2.5, *[Probability.exact(0.1)] * 2, 0)
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if a != b
    )
    least = RANDOM.normal(10, 2, (len(names), toys, len(names)))
    for k in range(len(names)):
        least[k, :, k] -= 4
    return HypothesisComparison(
        names=names,
        kind="observed" if observed else "expected",
        confidence_level=0.9,
        points={name: {} for name in names},
        pairs=pairs,
        fits={},
        observed=None,
        observed_fits=None,
        toys=least,
        **MADE,
    )


def exposure() -> RequiredExposure:
    factors = np.geomspace(0.1, 100, 20)
    return RequiredExposure(
        significance=3.0, factor=9.0, factors=factors, significances=np.sqrt(factors), **MADE
    )


def toys(n: int) -> Toys:
    names = ["magnetic-moment 11", "magnetic-moment 12", "vector-mediator strength", *NUISANCES][:n]
    estimates = {name: RANDOM.normal(3e-11 if "moment" in name else 1.0, 1e-11, 400) for name in names}
    return Toys(
        confidence_level=0.9,
        truth=dict.fromkeys(names, 3e-11) | dict.fromkeys([n for n in names if "moment" not in n], 1.0),
        units={name: "μ_B" if "moment" in name else "" for name in names},
        estimates=estimates,
        chi2=np.ones(400),
        status=np.zeros(400, dtype=int),
        improved=0,
        coverage=dict.fromkeys(names, 0.9),
        **MADE,
    )


def coverage(exposures: int, values: int) -> Coverage:
    kinds = ("delta-chi2", "asymptotic", "cls", "feldman-cousins", "MINOS")
    return Coverage(
        coupling="magnetic-moment 11",
        unit="μ_B",
        confidence_level=0.9,
        rows=tuple(
            CoverageRow(kind, 100.0**-e, 100.0 * 100.0**-e, 1e-11 * v, 0.9 + 0.01 * k + 0.005 * v, 400, 0)
            for e in range(exposures)
            for k, kind in enumerate(kinds)
            for v in range(1, values + 1)
        ),
        **MADE,
    )


def plan(aim: str, own: bool, what: int) -> Plan:
    small = aim == "limits"
    names = [f"{kind} {e}" for kind in KINDS for e in EDGES][:what] if small else ["normal or inverted"]
    scale = 2e-11 if small else 4.0
    figures = {name: {"normal": scale * (1 + 0.1 * k)} for k, name in enumerate(names)}
    return Plan(
        aim=aim,
        made_small=small,
        photon_energy=np.array([1.0681, 1.0703, 1.07158]),
        duration=np.array([10.0, 25.0, 35.0]) * DAY,
        reached=scale,
        bound=scale * 0.999,
        optimality_gap=1e-3,
        confidence_level=0.9,
        unit="μ_B" if small else "",
        figures=figures,
        reference={n: {k: 1.4 * x for k, x in of.items()} for n, of in figures.items()} if own else None,
        reference_energy=np.linspace(1.068, 1.0716, 7) if own else np.zeros(0),
        reference_duration=np.full(7, 10 * DAY) if own else np.zeros(0),
        candidates=OMEGA,
        worth=0.5 + 0.5 * np.cos(2e3 * (OMEGA - 1.0681)) ** 2,
        spectrum_energy=OMEGA,
        spectrum=np.asarray(STANDARD),
        thresholds=np.array([*EDGES.values()]),
        **MADE,
    )


@functools.cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="renp-pictures-"))


def scan(
    name: str,
    result: str,
    axes: dict[str, Any],
    variable: str,
    own: tuple[str, ...] = (),
    holes: tuple[int, int] | None = None,
) -> Scan:
    """Return a scan over axes: values, or values with a unit, the file's unit and its size.

    There is no value from a first place on, every so many.
    """
    path = _folder() / f"{name}.zarr"
    if not path.exists():
        dims = ([("coupling" if result == "limits" else "run")] if own else []) + list(axes)
        coordinates: dict[str, Any] = {}
        for axis, (values, attrs) in axes.items():
            coordinates[axis] = (axis, values, attrs)
        if own:
            coordinates[dims[0]] = (dims[0], np.array(own))
        shape = tuple(len(coordinates[dim][1]) for dim in dims)
        grids = np.meshgrid(*[np.linspace(0, 1, n) for n in shape], indexing="ij")
        scale = 1e-11 if result == "limits" else 3.0
        values = scale * (1.0 + sum((k + 1) * g for k, g in enumerate(grids)))
        if holes is not None:
            values.ravel()[holes[0] :: holes[1]] = math.nan
        units = {"limits": "μ_B", "counts": "1", "significance": "1", "spectrum": "1"}[result]
        data = xr.Dataset({variable: (dims, values, {"units": units})}, coordinates)
        attrs = {"result": result, "renp": "0", "atom": "Yb", "confidence_level": "0.9"}
        with warnings.catch_warnings():  # of a format that xarray reads
            warnings.simplefilter("ignore")
            data.assign_attrs(attrs).to_zarr(path, zarr_format=3, consolidated=True)
    return Scan.read(path)


MASSES = (np.linspace(0, 0.1, 21), {"units": "eV", "file_units": "meV", "per": 1e-3})
TIMES = (np.geomspace(1, 1000, 13) * DAY, {"units": "s", "file_units": "day", "per": DAY})
MEDIATORS = (np.geomspace(1e-2, 1e5, 25), {"units": "eV"})
ORDERINGS = (np.array(["normal", "inverted"], dtype=object), {})
NAMED = tuple(f"{kind} {e}" for kind in KINDS for e in EDGES)


def scans() -> dict[str, Callable[[], Result]]:
    mass, time = {"neutrinos.lightest_mass": MASSES}, {"run.duration": TIMES}
    both, words = mass | time, {"neutrinos.ordering": ORDERINGS}
    one, few = ({"neutrinos.lightest_mass": (np.array(at), MASSES[1])} for at in ([0.01], [0.0, 0.01, 0.05]))
    decades = {"interaction[1].mass": (np.geomspace(1, 1e4, 5), MEDIATORS[1])}
    long = {"interaction[1].pseudoscalar_coupling_of_the_electron": (np.linspace(-1, 1, 5), MEDIATORS[1])}
    long |= {"target.volume": (np.linspace(10, 100, 7), {"units": "cm³"})}
    three = {"run[1].duration": (np.array([1.0, 2.0, 3.0]) * DAY, TIMES[1]), "interaction[1].mass": MEDIATORS}
    return {
        "scan-limits-12": lambda: scan("limits-12", "limits", time, "limit", NAMED),
        "scan-limits-1": lambda: scan("limits-1", "limits", mass, "limit", NAMED[:1]),
        "scan-significance-words": lambda: scan("words", "significance", words | mass, "significance"),
        "scan-map-one": lambda: scan("one", "significance", one | time, "significance"),
        "scan-map-decades": lambda: scan("decades", "significance", decades | mass, "significance"),
        "scan-three": lambda: scan("few", "significance", few, "significance"),
        "scan-holes": lambda: scan("holes", "significance", mass, "significance", holes=(1, 3)),
        "scan-nothing": lambda: scan("nothing", "significance", mass, "significance", holes=(0, 1)),
        "scan-long": lambda: scan("long", "limits", long, "limit", (f"{LONG} strength", *NAMED[:1])),
        "scan-counts": lambda: scan("counts", "counts", mass, "expected", ("1", "2", "3")),
        "scan-map": lambda: scan("map", "significance", both, "significance"),
        "scan-map-words": lambda: scan("map-words", "significance", words | both, "significance"),
        "scan-maps-12": lambda: scan("maps-12", "limits", both, "limit", NAMED),
        "scan-map-three": lambda: scan("three", "limits", three, "limit", NAMED[:2]),
        "scan-spectrum": lambda: scan(
            "spectrum",
            "spectrum",
            mass | {"photon_energy": (OMEGA[::6], {"units": "eV"})},
            "spectral_function",
        ),
    }


def moment_spectra() -> MomentSpectra:
    return MomentSpectra(
        photon_energy=OMEGA,
        standard_model=np.asarray(STANDARD),
        by_element=by_element(lambda k: STANDARD * (1 + 0.05 * (k % 7) + 0.02 * (k > 6))),
        moment=3e-11,
        thresholds=EDGES,
        threshold_values=dict.fromkeys(EDGES, 0.01),
        **MADE,
    )


def limit_curves() -> LimitCurves:
    exposure = np.geomspace(1, 1000, 20)
    return LimitCurves(
        exposure=exposure,
        confidence_level=0.9,
        by_element=by_element(lambda k: 5e-11 * 1.15**k * exposure**-0.25),
        **MADE,
    )


def mediator_spectra() -> MediatorSpectra:
    return MediatorSpectra(
        photon_energy=OMEGA,
        standard_model=np.asarray(STANDARD),
        reference_energy=1.068,
        spectra=tuple(
            MediatorSpectrum(name, 10.0**-k, 1e3 * k, STANDARD * (1 + 0.1 * k))
            for k, name in ((13, "vector"), (14, "vector"), (15, "scalar"))
        ),
        masses={"vector": {"10 %": 1.0, "50 %": 2.0, "100 %": 3.0}},
        thresholds=EDGES,
        **MADE,
    )


def reach_curves() -> ReachCurves:
    mass = np.geomspace(1e-3, 1e5, 80)
    return ReachCurves(
        mass=mass,
        curves={
            nature: {
                kind: {e: 1e-16 * 1.2**k * (1 + mass**2) for k, e in enumerate(EDGES)}
                for kind in ("left", "right", "scalar", "pseudoscalar")
            }
            for nature in ("dirac", "majorana")
        },
        poles=np.array([0.5, 0.8, 1.2]),
        confidence_level=0.9,
        **MADE,
    )


def mass_curves() -> MassCurves:
    mass = np.geomspace(1e-4, 1, 40)
    return MassCurves(
        lightest_mass=mass,
        sum=0.06 + 3 * mass,
        beta=np.hypot(0.009, mass),
        double_beta=np.array([0.001 + 0.3 * mass, 0.004 + mass]),
        ordering="normal",
        **MADE,
    )


def advantage() -> Advantage:
    mass = np.geomspace(1e-3, 1e5, 60)
    line = 1e-12 * (1 + mass / 1e3) ** 2
    return Advantage(
        mass=mass,
        existing={
            one: {
                "Borexino": line,
                "XENONnT": line / 3,
                "CONUS": 2 * line,
                "red giants": 1e-14 + 0 * mass,
                "electron's moment": 1e-13 + 0 * mass,
            }
            for one in ("vector", "scalar")
        },
        reach={
            one: {"papers": 1e-16 * (1 + mass**2), "full": 3e-16 * (1 + mass**2)}
            for one in ("vector", "scalar")
        },
        **MADE,
    )


def region() -> Region:
    names = [f"{kind} {e}" for kind in KINDS for e in ("11", "12", "13", "22", "23", "33")]
    sizes = {name: 1e-11 * (1 + k) for k, name in enumerate(names)}
    return Region(
        confidence_level=0.9,
        world_keys=("borexino-2017",),
        renp=sizes,
        world={n: 3 * x for n, x in sizes.items()},
        together={n: 0.8 * x for n, x in sizes.items()},
        **MADE,
    )


def target_cycle(pulses: bool) -> TargetCycle:
    time = np.geomspace(1e-9, 1e-1, 100)
    moment, place = (
        (np.linspace(0, 2e-8, 40), np.linspace(0, 1, 30)) if pulses else (np.zeros(0), np.zeros(30))
    )
    grid = np.exp(-(((moment[:, None] - 1e-8) / 4e-9) ** 2)) * np.exp(-place)
    return TargetCycle(
        atom="Xe",
        time=time,
        dynamical_factor=np.exp(-time / 1e-3),
        gain_length=0 * time,
        mean_dynamical_factor=0.005,
        duty_cycle=0.005,
        open_share=1.0,
        polarisability=1.0,
        length=1.0,
        moment=moment,
        place=place,
        coherence=0.5 * grid,
        right=1e-3 * grid,
        left=1e-3 * grid[:, ::-1],
        trigger_photons=1e20,
        compensated=False,
        excited=0.0,
        signal_share=1 - np.exp(-time / 1e-3),
        period=0.1,
        **MADE,
    )


def target_light() -> TargetLight:
    row = Light(1.068, 300.0, 1e-10, 1e20, 1e-3, 1e5, 0.1, 1e-5)
    return TargetLight(
        atom="Yb", rows=(row,), channels=(Channel("two photons", True, "E1×M1"),), end=0.0, kappa=0.5, **MADE
    )


def comparison() -> Comparison:
    numbers = tuple(
        Number(
            f"k{k}",
            f"the number {k} of a paper, with a rather long name that has to be folded",
            1.0,
            "letter",
            1 + 0.1 * k,
        )
        for k in range(6)
    )
    return Comparison(numbers=numbers, **MADE)


PICTURES: dict[str, Callable[[], Result]] = {
    "spectrum": spectrum,
    "spectrum-standard": lambda: spectrum(spectral_function=STANDARD, interactions={}),
    "spectrum-three": lambda: spectrum(
        photon_energy=OMEGA[::120],
        **dict.fromkeys(("spectral_function", "standard_model"), STANDARD[::120]),
        pairs={pair: spectrum_of(pair)[::120] for pair in EDGES},
        interactions={},
    ),
    "spectrum-one": lambda: spectrum(
        photon_energy=OMEGA[9:10],
        spectral_function=STANDARD[9:10] * 1.3,
        standard_model=STANDARD[9:10],
        pairs={},
        interactions={},
    ),
    "spectrum-nothing": lambda: spectrum(
        spectral_function=0 * STANDARD, standard_model=0 * STANDARD, interactions={}
    ),
    "spectrum-12": lambda: spectrum(
        interactions={
            "weak": STANDARD,
            **{
                f"{LONG} ({k})" if k > 9 else f"scalar-mediator ({k})": 0.03 * k * STANDARD for k in range(12)
            },
        }
    ),
    "counts-0": lambda: replace(
        counts(3, True),
        **dict.fromkeys(("expected", "standard_model", "background", "observed"), np.zeros(3)),
    ),
    **{f"counts-{n}": functools.partial(counts, n, n != 2) for n in (1, 2, 12, 30)},
    "limits-1": lambda: limits(("11",)),
    "limits-12": lambda: limits(tuple(EDGES)),
    "limits-bands": lambda: limits(tuple(EDGES), bands=True, observed=True),
    "limits-majorana": lambda: limits(("12", "13", "23"), observed=True),
    "limits-units": strengths,
    "limits-long": lambda: limits(
        (),
        limits=(own := {LONG: {"strength": 2e-5, "phase-of-the-coupling": 1e-6}, "other": {"strength": 4.0}}),
        expected=own,
        units={LONG: "1/eV", "other": ""},
    ),
    "limits-kinds": lambda: limits(
        (),
        limits=(six := {f"kind-{k}": {"strength": 2.5 * k} for k in range(1, 7)}),
        expected=six,
        units=dict.fromkeys(six, ""),
    ),
    "limits-open": lambda: limits(
        ("11", "12"),
        bands={kind: dict.fromkeys(("11", "12"), (1e-11, 2e-11, 3e-11, 4e-11, math.inf)) for kind in KINDS},
    ),
    "limits-none": lambda: limits(
        ("11",),
        limits=by_element(lambda _: math.inf, ("11",)),
        expected=by_element(lambda _: math.inf, ("11",)),
    ),
    "sensitivity-2": lambda: sensitivity("exposure", ("11", "33")),
    "sensitivity-12": lambda: sensitivity("exposure", tuple(EDGES)),
    "sensitivity-1": lambda: sensitivity("exposure", ("11",), points=1),
    "sensitivity-none": lambda: replace(
        sensitivity("exposure", ("11",), 1),
        limits=(none := {KINDS[0]: {"11": np.full(25, math.inf)}}),
        bands=None,
        existing={KINDS[0]: {"11": none[KINDS[0]]}},
    ),
    "sensitivity-mediator": lambda: sensitivity("mediator-mass", (), 1),
    "fit-1": lambda: fit(0, 1, 1),
    "fit": lambda: fit(2, 7, 6),
    "fit-nothing": lambda: fit(0, 0, 3),
    "fit-12": lambda: fit(6, 5, 14, valid=False),
    "fit-long": lambda: renamed_fit(fit(1, 3, 30)),
    "profile-one": lambda: replace(
        profile(3e-11), values=np.array([3e-11]), delta_chi2=np.zeros(1), name=f"{LONG} strength"
    ),
    "profile": lambda: profile(3e-11),
    "profile-edge": lambda: profile(0.0),
    "contour": contour,
    "ranking": ranking,
    "correlations-2": lambda: correlations(2),
    "correlations-8": lambda: correlations(8),
    "correlations-12": lambda: replace(
        correlations(8),
        names=(*NAMED[:4], *NUISANCES, "lightest_mass"),
        correlation=correlations(12).correlation,
    ),
    "correlations-long": lambda: replace(correlations(3), names=(f"{LONG} strength", *NUISANCES[3:5])),
    "information": information,
    "discovery-0": lambda: discovery(0.0, 0),
    "discovery": lambda: discovery(6.0, 500),
    "hypotheses-2": lambda: hypotheses(("normal", "inverted"), 400, True),
    "hypotheses-no-toys": lambda: hypotheses(("normal", "inverted"), 0),
    "hypotheses-5": lambda: hypotheses(tuple(f"{m} eV" for m in (0.0, 0.001, 0.005, 0.01, 0.05)), 0),
    "hypotheses-long": lambda: hypotheses(
        ("normal ordering with Majorana neutrinos and a moment", f"with {LONG}", "neither"), 0
    ),
    "hypotheses-12": lambda: hypotheses(tuple(f"{m:.4f} eV" for m in np.geomspace(1e-3, 0.1, 12)), 0),
    "exposure": exposure,
    "exposure-none": lambda: replace(exposure(), factor=0.0, significances=np.full(20, math.inf)),
    **{f"toys-{n}": functools.partial(toys, n) for n in (1, 2, 9)},
    "toys-failed": lambda: replace(toys(2), status=np.ones(400, dtype=int)),
    "coverage-long": lambda: replace(coverage(1, 4), coupling=f"{LONG} strength", unit="1/eV"),
    "coverage-1": lambda: coverage(1, 1),
    "coverage-2": lambda: coverage(2, 4),
    "plan-limits-12": lambda: plan("limits", True, 12),
    "plan-limits-1": lambda: plan("limits", False, 1),
    "plan-ordering": lambda: plan("ordering", True, 1),
    **scans(),
    "moment-spectra": moment_spectra,
    "limit-curves": limit_curves,
    "mediator-spectra": mediator_spectra,
    "reach": lambda: Reach(
        mass=(m := np.geomspace(1e-3, 1e5, 80)),
        limit=1e-16 * (1 + m**2),
        sign="either",
        poles=np.array([0.5]),
        confidence_level=0.9,
        **MADE,
    ),
    "reach-curves": reach_curves,
    "masses": mass_curves,
    "advantage": advantage,
    "region": region,
    "target": lambda: target_cycle(True),
    "target-without-pulses": lambda: target_cycle(False),
    "target-light": target_light,
    "comparison": comparison,
    "bounds": Bounds.compute,
    "catalogue": Catalogue.compute,
    **{
        f"atom-{name}": lambda name=name: AtomSheet(atom=Atom.named(name), rows=(), **MADE)  # type: ignore[misc]
        for name in symbols()
    },
}
