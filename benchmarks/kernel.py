"""The spectrum at many photon energies, and of many parameter points at seven."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from measure import fastest, page_faults, relative_error, temporaries
from numpy.typing import NDArray
from rivals import arrays, c

import renp
from renp.compiled import compiled
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.kinematics import exact_threshold
from renp.formula.master_formula import spectrum_of_runs, total_spectrum
from renp.inference.ensembles import in_chunks

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from oracles import multiprecision, notebook

Reals = NDArray[np.float64]

YB = renp.Atom.named("Yb")
E_EG, E_VG = float(YB.E_eg), float(YB.E_vg)
NU = renp.Neutrinos(0.01)
MOMENT = 3e-11
MODEL = renp.Weak() + renp.MagneticMoment({(1, 1): MOMENT})
PHOTON = (BOHR_MAGNETON**2 / FERMI_CONSTANT) ** 2 / 9
RUNS = np.array([1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164])
LABELS = {7: "7", 100: "100", 10**3: "10³", 10**5: "10⁵", 10**7: "10⁷"}
POINTS = 6 * 16384
CHUNK, BLOCK = 16384, 512
SAMPLE = 60
NEAR = 1e-9
"""Relative distances to thresholds at which errors are measured, down to this."""

Row = dict[str, Any]


def spectra() -> list[Row]:
    """Time I at 7 to 10⁷ photon energies as users call it, with the error at and away from thresholds."""
    rows = []
    for size in LABELS:
        omega = np.linspace(1.0, 1.0717, size)
        calls = {name: _bound(call, omega) for name, call in methods().items()}
        if size > 10**6:
            calls.pop("numba", None)  # its first call is the same loop; memory is what is measured here
        times = fastest(calls, seconds=1.0 if size < 10**6 else 4.0)
        rows += [
            _row(f"spectrum, {LABELS[size]} photon energies", name, times, "renp", 1e9 * times[name] / size)
            | ({"temporaries": temporaries(calls[name])} if "NumPy" in name else {})
            | {"page faults": page_faults(calls[name])}
            for name in calls
        ]
    errors = {name: _error(call) for name, call in methods().items()}
    return [row | {"error": errors[row["method"]]} for row in rows]


def batches() -> list[Row]:
    """Time I of some 10⁵ parameter points, masses and mixing among them, at seven photon energies."""
    given = points()
    calls: dict[str, Callable[[], Any]] = {
        "renp": lambda: renp_batch(given),
        "NumPy, vectorised": lambda: numpy_batch(given),
    }
    columns = [np.ascontiguousarray(values) for values in given.values()]
    for name, library in c.libraries().items():
        known = library, RUNS, columns, E_EG, E_VG, PHOTON
        calls[f"{name}, rank one"] = partial(c.batch, *known)
        calls[name] = partial(c.batch_of_matrices, *known, float(NU.delta_cp), np.diag([1.0, 0.0, 0.0]))
    times, exact = fastest(calls, seconds=2.0), calls["renp"]()
    size = POINTS * RUNS.size
    rows = [_row("batch, 10⁵ points × 7", name, times, "renp", 1e9 * times[name] / size) for name in calls]
    deviations = {name: relative_error(call(), exact) for name, call in calls.items()}
    return [row | {"deviation": deviations[row["method"]]} for row in rows]


def methods() -> dict[str, Callable[[Reals], Any]]:
    """Return what computes I at photon energies, by name."""
    rows = _pairs()
    found: dict[str, Callable[[Reals], Any]] = {
        "renp": lambda w: renp.spectral_function(w, YB, NU, MODEL).block_until_ready(),
        "renp, compiled function": lambda w: total_spectrum(w, YB, NU, MODEL).block_until_ready(),
        "NumPy, notebook": lambda w: notebook.spectrum(_notebook_runs(w), _nature()),
        "NumPy, optimised": lambda w: arrays.numpy_spectrum(w, E_EG, E_VG, PHOTON, rows),
        "numba": lambda w: arrays.numba_spectrum()(w, E_EG, E_VG, PHOTON, rows),
    }
    for name, library in c.libraries().items():
        found[name] = lambda w, library=library: c.spectrum(library, w, E_EG, E_VG, PHOTON, rows)
    return found


def _bound(call: Callable[[Reals], Any], omega: Reals) -> Callable[[], Any]:
    given: Any = jnp.asarray(omega) if call.__code__.co_names[:1] == ("total_spectrum",) else omega
    return lambda: call(given)


def _pairs() -> Reals:
    """Return the pairs' rows with thresholds in two parts."""
    m, U = np.asarray(NU.masses), np.asarray(NU.mixing_matrix)
    mu2 = np.where(np.arange(6) == 0, MOMENT**2, 0.0)
    rows = arrays.pairs(E_EG, m, np.abs(U[0]) ** 2, mu2)
    E = jnp.asarray(E_EG)
    for k, (i, j) in enumerate(zip(arrays.FIRST, arrays.SECOND, strict=True)):
        rows[k, :2] = exact_threshold(E, E, jnp.asarray(m[i]), jnp.asarray(m[j]))
    return rows


def _error(call: Callable[[Reals], Any]) -> float:
    """Return the largest error against 50 digits, at random distances from all thresholds."""
    rng = np.random.default_rng(3)
    edges = np.unique(np.asarray(renp.thresholds(YB, NU)))
    omega = np.sort(rng.choice(edges, SAMPLE) * (1 - 10 ** rng.uniform(np.log10(NEAR), -1, SAMPLE)))
    matrices = {"V": None, "A": None, "mu": BOHR_MAGNETON * np.diag([MOMENT, 0, 0])}
    U = np.asarray(NU.mixing_matrix)[0]
    a = np.outer(U, U.conj()) - np.eye(3) / 2
    matrices |= {"V": a / 2, "A": -a / 2}
    exact = [
        float(
            sum(
                sum(map(sum, part))
                for part in multiprecision.spectrum(
                    E_EG,
                    E_VG,
                    w,
                    [float(x) for x in NU.masses],
                    matrices,
                    g_fermi=FERMI_CONSTANT,
                    bohr_magneton=BOHR_MAGNETON,
                )
            )
        )
        for w in omega
    ]
    return relative_error(np.asarray(call(omega)), np.array(exact))


def points() -> dict[str, Reals]:
    """Return random parameter points, in the order in which C takes them."""
    rng = np.random.default_rng(0)
    return {
        "lightest_mass": rng.uniform(0, 0.1, POINTS),
        "sin2_theta12": rng.uniform(0.28, 0.33, POINTS),
        "sin2_theta13": rng.uniform(0.02, 0.024, POINTS),
        "dm2_21": rng.normal(7.49e-5, 2e-6, POINTS),
        "dm2_31": rng.normal(2.51e-3, 2e-5, POINTS),
        "moment": rng.uniform(0, 5e-11, POINTS),
    }


def shares() -> list[Row]:
    """Time a chunk of the batch, by what changes from model to model."""
    given = {name: jnp.asarray(values[:CHUNK]) for name, values in points().items()}
    masses = ("lightest_mass", "dm2_21", "dm2_31")
    kinds: dict[str, tuple[str, ...]] = {
        "masses, mixing, moment": tuple(given),
        "masses and mixing": tuple(name for name in given if name != "moment"),
        "masses": masses,
    }
    chunks = {kind: compiled(_in_blocks) for kind in kinds}
    some = {kind: {name: given[name] for name in names} for kind, names in kinds.items()}
    times = fastest(
        {kind: lambda kind=kind: chunks[kind](some[kind]).block_until_ready() for kind in kinds}, seconds=2.0
    )
    whole = "masses, mixing, moment"
    size = CHUNK * RUNS.size
    return [_row("batch, by what changes", kind, times, whole, 1e9 * times[kind] / size) for kind in kinds]


@compiled
def of_points(points: dict[str, Any]) -> Any:
    """Return I of parameter points at seven photon energies, compiled."""
    return _in_blocks(points)


def _in_blocks(points: dict[str, Any]) -> Any:
    """Return the same in blocks of points, which are what the processor's vectors hold."""

    def one(omega: Any, point: dict[str, Any]) -> Any:
        values = dict(point)
        model = MODEL
        if "moment" in values:
            model = renp.Weak() + values.pop("moment") * renp.MagneticMoment({(1, 1): 1.0})
        return spectrum_of_runs(omega[None], YB, renp.Neutrinos(**values), model)[0]

    def block(own: dict[str, Any]) -> Any:
        return jax.vmap(lambda omega: jax.vmap(lambda point: one(omega, point))(own))(jnp.asarray(RUNS))

    found = jax.lax.map(block, {name: values.reshape(-1, BLOCK) for name, values in points.items()})
    return jnp.moveaxis(found, 1, -1).reshape(-1, RUNS.size)


def renp_batch(points: dict[str, Reals]) -> Reals:
    """Return I of parameter points at seven photon energies."""
    found: Reals = in_chunks(of_points, points, CHUNK)
    return found


def numpy_batch(p: dict[str, Reals]) -> Reals:
    """Return the same by NumPy, all points at once."""
    m0 = p["lightest_mass"]
    m = np.stack([m0, np.sqrt(m0**2 + p["dm2_21"]), np.sqrt(m0**2 + p["dm2_31"])], axis=-1)
    cos2 = 1 - p["sin2_theta13"]
    U2 = np.stack([(1 - p["sin2_theta12"]) * cos2, p["sin2_theta12"] * cos2, p["sin2_theta13"]], axis=-1)
    mu2 = np.where(np.arange(6) == 0, p["moment"][:, None] ** 2, 0.0)
    return arrays.numpy_spectrum(RUNS, E_EG, E_VG, PHOTON, arrays.pairs(E_EG, m, U2, mu2))


def _notebook_runs(omega: Reals) -> notebook.Runs:
    return notebook.Runs(E_EG, E_VG, omega, np.ones(1), np.zeros(1))


def _nature() -> notebook.Nature:
    return notebook.Nature(
        0.01,
        dm2_21=float(NU.dm2_21),
        splitting=float(NU.dm2_atmospheric),
        sin2_theta12=float(NU.sin2_theta12),
        sin2_theta13=float(NU.sin2_theta13),
        delta_cp=float(NU.delta_cp),
        magnetic=np.diag([MOMENT, 0, 0]).astype(complex),
    )


def _row(what: str, method: str, times: dict[str, float], ours: str, nanoseconds: float) -> Row:
    return {
        "what": what,
        "method": method,
        "each": f"{nanoseconds:.3g} ns",
        "ratio": times[method] / times[ours],
    }


if __name__ == "__main__":
    for row in spectra() + batches():
        print(row)
