"""The likelihood of one magnitude as a workspace of HistFactory, for pyhf and what reads its files.

Each run is a channel with one bin, and so is each control measurement. Expected counts are
(normalisation) × (standard model + mu × signal) + background, where mu is the coordinate x of the magnitude:
the coupling is u√mu. A rate that counts decide is a "normfactor", its coordinate, on its part of the counts.

Nuisance parameters keep their names. Relative errors of rates are "normsys" with the factors 1 + σ and
1/(1 + σ): exactly log-normal with interpolation code 1, and within 10⁻¹² for σ = 5 % with pyhf's code 4.
Parameters that were measured elsewhere, the calibration and the linewidth are "histosys" from the counts at
pulls of ±1. Between and beyond, and for several together, HistFactory interpolates: an approximation, good
where counts are close to linear in these parameters and poor where an error reaches a threshold.
"""

from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.compiled import compiled
from renp.errors import InputError, renamed
from renp.inference.likelihood import Data, Likelihood, Point, asimov_of_each
from renp.inference.nuisances import BACKGROUND, EFFICIENCY, LINEWIDTH, NORMALISATION
from renp.inference.parameters import Parameter
from renp.inference.search import checked_data
from renp.validation import instance

Json: TypeAlias = dict[str, Any]

POI = "mu"

_FAR = 30.0
"""Pull that is as good as infinite."""


class _Parts(NamedTuple):
    """What counts are made of, for each run and then each control measurement."""

    model: "_Varied"
    signal: "_Varied"
    background: Reals
    decided: dict[str, Reals]
    """Of each rate that counts decide, at coordinate 1."""


class _Varied(NamedTuple):
    """Counts of a sample in each run, as they are and with each measured parameter at a pull of ±1."""

    nominal: Reals
    up: dict[str, Reals]
    down: dict[str, Reals]


@renamed(name="coupling")
def pyhf_workspace(likelihood: Likelihood, coupling: str, data: Data | None = None) -> Json:
    """Return a workspace of pyhf (HistFactory's JSON, schema 1.0.0) for one magnitude.

    Runs in which nothing can be counted are left out. The name of the measurement says how the parameter of
    interest mu is related to the coupling.

    Parameters
    ----------
    likelihood
        With one coupling, which interferes with nothing, and no free parameters.
    coupling
        Its name.
    data
        Counts and pulls; if left out, the observed counts, or without any the standard model's expectation.

    Returns
    -------
    dict
        Ready for `json.dump` and `pyhf.Workspace`.

    Raises
    ------
    InputError
        If HistFactory cannot express the likelihood, or no run is sensitive to the coupling.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[9])
    >>> unit = renp.MagneticMoment({(1, 1): 1.0})
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu_11": unit})
    >>> workspace = pyhf_workspace(likelihood, "mu_11")
    >>> [sample["name"] for sample in workspace["channels"][0]["samples"]], workspace["observations"]
    (['standard model', 'signal'], [{'name': 'run 1', 'data': [9.0]}])
    >>> workspace["measurements"][0]["name"]
    'mu_11 = 6.817456087164453e-11 sqrt(mu)'
    """
    instance("likelihood", likelihood, Likelihood)
    _check_expressible(likelihood, coupling)
    data = _data(likelihood) if data is None else checked_data(likelihood, data)
    counts = np.asarray(data.counts)
    parts = _parts(likelihood, coupling)
    names = [f"run {r + 1}" for r in range(len(likelihood.experiment.runs))]
    names += [f"control {r + 1}" for r in likelihood.parts[0].controls]
    used = _used(names, counts, parts)
    return {
        "channels": [{"name": names[r], "samples": _samples(likelihood, parts, r)} for r in used],
        "observations": [{"name": names[r], "data": [float(counts[r])]} for r in used],
        "measurements": [_measurement(likelihood, coupling, data, float(parts.signal.nominal.sum()))],
        "version": "1.0.0",
    }


def _check_expressible(likelihood: Likelihood, name: str) -> None:
    own = likelihood.parameters[likelihood.index(name)]
    if own.kind != "magnitude":
        allowed = "a coupling that interferes with nothing: HistFactory has only signals that add"
        raise InputError("parameter", repr(name), allowed)
    for other in likelihood.parameters:
        if other is not own and other.kind not in ("constrained", "relative", "rate"):
            allowed = f"left out of the likelihood: HistFactory cannot express it beside {name}"
            raise InputError("parameter", repr(other.name), allowed)


def _data(likelihood: Likelihood) -> Data:
    return likelihood.data if likelihood.observed else likelihood.asimov(likelihood.point())


def _parts(likelihood: Likelihood, name: str) -> _Parts:
    """Return the counts of the standard model, of the signal at coordinate 1, and of backgrounds."""
    dark = eqx.tree_at(lambda full: full.experiment.runs.background, likelihood, replace_fn=np.zeros_like)
    rates = [k for k, p in enumerate(likelihood.parameters) if p.kind == "rate"]
    none = np.array(likelihood.point())
    none[rates] = 0.0
    measured = [k for k, p in enumerate(likelihood.parameters) if _is_varied(p)]
    pulls = np.eye(none.size)[measured]
    points = none + np.concatenate([np.zeros((1, none.size)), pulls, -pulls])
    model = np.asarray(asimov_of_each(dark, points).counts)
    points[:, likelihood.index(name)] = 1.0
    # Where there is no signal, the difference may be a rounding error of either sign.
    signal = np.maximum(np.asarray(asimov_of_each(dark, points).counts) - model, 0.0)
    names = [likelihood.names[k] for k in measured]
    each = np.asarray(_slopes(dark, none))[:, rates]
    background = np.zeros(likelihood.size)
    known = ~np.any(each[likelihood.runs] > 0, axis=1)
    background[likelihood.runs] = np.where(known, likelihood.experiment.background_counts, 0.0)
    decided = {likelihood.names[k]: column for k, column in zip(rates, each.T, strict=True)}
    return _Parts(_varied(model, names), _varied(signal, names), background, decided)


@compiled
def _slopes(likelihood: Likelihood, x: Point) -> Float[Array, "n p"]:
    found: Array = jax.jacfwd(likelihood.expected)(x)
    return found


def _is_varied(parameter: Parameter) -> bool:
    """Whether a parameter changes counts in another way than by a factor."""
    return parameter.kind == "constrained" or parameter.name == LINEWIDTH


def _varied(counts: Reals, names: list[str]) -> _Varied:
    up, down = np.split(counts[1:], 2)
    return _Varied(counts[0], dict(zip(names, up, strict=True)), dict(zip(names, down, strict=True)))


def _used(names: list[str], counts: Reals, parts: _Parts) -> list[int]:
    samples = [parts.background, _largest(parts.model), _largest(parts.signal), *parts.decided.values()]
    possible = np.sum(samples, axis=0) > 0
    for r, observed in enumerate(counts):
        if observed > 0 and not possible[r]:
            allowed = f"0, since nothing is expected in {names[r]}"
            raise InputError(f"counts[{r}]", float(observed), allowed)
    return [int(r) for r in np.flatnonzero(possible)]


def _largest(sample: _Varied) -> Reals:
    largest: Reals = np.max([sample.nominal, *sample.up.values(), *sample.down.values()], axis=0)
    return largest


def _samples(likelihood: Likelihood, parts: _Parts, r: int) -> list[Json]:
    emission, dark = (
        [*_rate(likelihood, common), *_rate(likelihood, f"{own}_{r + 1}")]
        for common, own in ((NORMALISATION, EFFICIENCY), (BACKGROUND, BACKGROUND))
    )
    model, signal = parts.model, parts.signal
    samples = [
        ("standard model", model.nominal, _largest(model), [*emission, *_shapes(model, r)]),
        ("signal", signal.nominal, _largest(signal), [*emission, *_shapes(signal, r), _factor(POI)]),
        ("background", parts.background, parts.background, dark),
    ]
    samples += [(name, counts, counts, [_factor(name)]) for name, counts in parts.decided.items()]
    return [
        {"name": name, "data": [float(counts[r])], "modifiers": modifiers}
        for name, counts, largest, modifiers in samples
        if largest[r] > 0
    ]


def _factor(name: str) -> Json:
    return {"name": name, "type": "normfactor", "data": None}


def _shapes(sample: _Varied, r: int) -> list[Json]:
    return [
        {
            "name": name,
            "type": "histosys",
            "data": {"hi_data": [float(sample.up[name][r])], "lo_data": [float(sample.down[name][r])]},
        }
        for name in sample.up
    ]


def _rate(likelihood: Likelihood, name: str) -> list[Json]:
    """Return the modifier of a relative error, if the likelihood has it."""
    if name not in likelihood.names:
        return []
    factor = 1 + float(likelihood.parameters[likelihood.index(name)].plus)
    return [{"name": name, "type": "normsys", "data": {"hi": factor, "lo": 1 / factor}}]


def _measurement(likelihood: Likelihood, name: str, data: Data, signal: float) -> Json:
    if not signal > 0:
        raise InputError("parameter", repr(name), "a coupling to which some run is sensitive")
    unit = float(likelihood.parameters[likelihood.index(name)].plus)
    counted = float(
        np.sum(np.asarray(data.counts)) + np.sum(np.asarray(likelihood.expected(likelihood.point())))
    )
    # A signal ten times as large as what is counted or expected is beyond any limit.
    poi = {"name": POI, "inits": [1.0], "bounds": [[0.0, 10 * (1 + counted / signal)]]}
    pulls = zip(likelihood.constrained, np.asarray(data.pulls), strict=True)
    nuisances = [_nuisance(likelihood.parameters[k], float(pull)) for k, pull in pulls]
    nuisances += [_free_rate(p, counted) for p in likelihood.parameters if p.kind == "rate"]
    return {"name": f"{name} = {unit!r} sqrt({POI})", "config": {"poi": POI, "parameters": [poi, *nuisances]}}


def _nuisance(parameter: Parameter, pull: float) -> Json:
    observed: Json = {"name": parameter.name, "auxdata": [pull]}
    # A factor is positive at any pull; the pulls of other parameters keep to pyhf's bounds of ±5.
    return observed | {"bounds": [[-_FAR, _FAR]]} if parameter.kind == "relative" else observed


def _free_rate(parameter: Parameter, counted: float) -> Json:
    at = float(parameter.centre / parameter.plus)
    return {"name": parameter.name, "inits": [max(at, 1.0)], "bounds": [[0.0, at + _FAR * (1 + counted)]]}
