"""An observable is one file: what it declares is enough for tables, files, a command, and the explorer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import renp
from cases import NU
from every_command import SCENARIO
from relative import relative
from renp.cli import main
from renp.cli.application import DEFAULT, File, app
from renp.cli.output import Output, emit
from renp.results import Counts, Limits, Result, Spectrum
from renp.results.base import Control, provenance
from renp.results.columns import Column

YB = renp.Atom.named("Yb")
DAY = 86400.0


@dataclass(frozen=True, eq=False, kw_only=True)
class _ByAngle(Result):
    """I(ω, θ): the spectrum by the angle between a neutrino and the photon."""

    cosine: Any
    density: Any
    omega: float

    title = "spectrum by angle"
    columns = (
        Column("cosine", ("cosine",), "cos θ"),
        Column("density", ("cosine",), "dI/dcosθ", "1/rad", shown="", json="dI"),
        Column("omega", unit="eV"),
    )
    controls = (
        Control("side", "Side", lambda found: ("both", "forward") if found.cosine.max() > 0 else ("both",)),
        Control("logarithmic", "logarithmic"),
    )

    @classmethod
    def compute(cls, atom: renp.Atom, neutrinos: renp.Neutrinos, omega: float) -> "_ByAngle":
        cosine = np.linspace(-1.0, 1.0, 5)
        density = np.asarray(renp.angular_spectrum(cosine, omega, atom, neutrinos))
        made_by = provenance(atom=atom, neutrinos=neutrinos)
        return cls(cosine=cosine, density=density, omega=omega, made_by=made_by)

    def _draw(self, side: str = "both", logarithmic: bool = False) -> Figure:
        figure, axes = plt.subplots()
        axes.plot(self.cosine, self.density)
        axes.set_xlim(0.0 if side == "forward" else -1.0, 1.0)
        axes.set_yscale("log" if logarithmic else "linear")
        return figure


@pytest.fixture
def command() -> Iterator[str]:
    """Name of a command that is there for one test."""

    def by_angle(file: File, *, photon_energy: float = 1.068, options: Output = DEFAULT) -> None:
        """Compute the spectrum by angle."""
        scenario = renp.Scenario.read(file)
        emit(_ByAngle.compute(scenario.atom, scenario.neutrinos, photon_energy), options, scenario)

    app.command(by_angle)
    yield "by-angle"
    del app["by-angle"]


def test_contributing_an_observable(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.toml"
    file.write_text(SCENARIO)
    expected = np.asarray(renp.angular_spectrum(np.linspace(-1.0, 1.0, 5), 1.069, YB, NU))

    def run(*options: str) -> str:
        with pytest.raises(SystemExit) as status:
            main([command, str(file), "--photon-energy", "1.069", *options])
        assert status.value.code == 0
        return capsys.readouterr().out

    assert (
        run("--quiet", "--json")
        == json.dumps({"cosine": [-1.0, -0.5, 0.0, 0.5, 1.0], "dI": expected.tolist(), "omega": 1.069}) + "\n"
    )
    assert [line.split() for line in run().splitlines()[:2]] == [
        ["spectrum", "by", "angle"],
        ["cos", "θ", "dI/dcosθ"],
    ]
    result = _ByAngle.compute(YB, NU, 1.069)
    assert result.dataset().density.units == "1/rad"
    for ending in (".json", ".csv", ".nc", ".png"):
        run("--output", str(tmp_path / f"result{ending}"))
        assert (tmp_path / f"result{ending}").stat().st_size
    rows = [line for line in (tmp_path / "result.csv").read_text().splitlines() if not line.startswith("#")]
    assert rows[0] == "cos θ,dI/dcosθ"
    assert [float(row.split(",")[1]) for row in rows[1:]] == relative(expected, rel=1e-9)


def test_the_explorer_reads_the_controls_of_a_result() -> None:
    pytest.importorskip("panel")
    view = renp.explore(_ByAngle.compute(YB, NU, 1.069))
    side, logarithmic = view[0]
    assert (side.label, side.options, logarithmic.label) == ("Side", ["both", "forward"], "logarithmic")
    axes = view[1][0].object.axes[0]
    assert (axes.get_xlim(), axes.get_yscale()) == ((-1.0, 1.0), "linear")
    side.value, logarithmic.value = "forward", True
    axes = view[1][0].object.axes[0]
    assert (axes.get_xlim(), axes.get_yscale()) == ((0.0, 1.0), "log")
    assert "dI/dcosθ" in view[1][1].object


def test_a_picture_takes_what_the_controls_name() -> None:
    result = _ByAngle.compute(YB, NU, 1.069)
    with pytest.raises(renp.InputError, match="logarithmic"):
        result.plot(logarithm=True)
    with pytest.raises(renp.InputError, match="forward"):
        result.plot(side="backward")
    with pytest.raises(renp.InputError, match="True or False"):
        result.plot(logarithmic="yes")


def test_pictures_of_the_usual_results_take_their_controls() -> None:
    model = renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11})
    spectrum = Spectrum.compute(YB, NU, model, [1.06, 1.07])
    (axes,) = spectrum.plot(parts="by pair", ratio=True).axes
    lines = {str(line.get_label()): line.get_ydata() for line in axes.lines}
    assert lines["model"] == relative(spectrum.spectral_function / spectrum.standard_model, rel=1e-12)
    assert lines["pair 23"] == relative(spectrum.pairs["23"] / spectrum.standard_model, rel=1e-12)
    runs = renp.Experiment(YB, renp.Target(), [1.06, 1.07], [10 * DAY, 5 * DAY])
    counts = Counts.compute(runs, NU, model)
    (axes,) = counts.plot(per_day=True).axes
    (bars,) = axes.collections
    low, high = np.array([segment[:, 1] for segment in bars.get_segments()]).T  # type: ignore[attr-defined]
    days = np.array([10.0, 5.0])
    assert (high - low) / 2 == relative(np.sqrt(counts.expected) / days, rel=1e-12)
    limits = renp.upper_limits(runs, NU)
    assert isinstance(limits, Limits)
    (axes,) = limits.plot(couplings="electric-moment").axes
    assert len(axes.get_xticks()) == 6
    plt.close("all")


def test_the_explorer_shows_rates_with_the_errors_of_counts() -> None:
    """The error of N/t is √N/t, and not √(N/t)."""
    pytest.importorskip("panel")
    counts = Counts.compute(renp.Experiment(YB, renp.Target(), [1.068], 10 * DAY), NU)
    view = renp.explore(counts)
    view[0][0].value = True
    data = view[1].object.renderers[0].data_source.data
    assert data["high"] - data["low"] == relative(2 * np.sqrt(counts.expected) / 10, rel=1e-12)
