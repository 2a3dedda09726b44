"""A scenario survives the way to text and back, whatever it says and however its file is written."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import equinox as eqx
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import renp
from relative import relative
from renp.cli import main
from renp.explorer.exchange import from_query, from_scenario, start_state, to_query
from renp.explorer.live import expected, limits
from renp.explorer.setup import build
from renp.explorer.state import State
from renp.scenario import Scenario, preset_names, preset_text, schema
from renp.scenario.write import to_text
from scenarios import File, scans, scenario_files

ROOT = Path(__file__).parents[1]
SECTIONS = schema.SECTIONS | {
    "runs": schema.RunsSection,
    "scan": schema.ScanSection,
    "scan.axis": schema.AxisSection,
}
DRAWN = {
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}


def check_written(file: File) -> None:
    """Check a file with those that it names."""
    with TemporaryDirectory() as folder:
        path = file.write(Path(folder))
        check(file, Scenario.read(path), str(path))


def check(file: File, scenario: Scenario, path: str) -> None:
    """Check all ways from a scenario file to a scenario and back."""
    assert tomllib.loads(file.text) == file.tables
    document = scenario.document
    assert to_text(document, file.text) == file.text
    anew = to_text(document)
    again = Scenario.from_text(anew, path)
    assert again.document.tables() == document.tables()
    assert to_text(again.document) == anew
    for name in ("atom", "neutrinos", "terms", "experiment"):
        assert eqx.tree_equal(getattr(again, name), getattr(scenario, name)), name
    assert (again.confidence_level, again.nuisances) == (scenario.confidence_level, scenario.nuisances)
    assert again.scan == scenario.scan or again.document.scan == document.scan

    heavier = document.neutrinos.model_copy(update={"lightest_mass": 0.0123})
    changed = to_text(document.changed(neutrinos=heavier), file.text)
    assert Scenario.from_text(changed, path).document == document.changed(neutrinos=heavier)
    assert comments(changed) == comments(file.text)

    state = from_scenario(scenario)
    assert from_query(to_query(state)) == state


def comments(text: str) -> list[str]:
    return re.findall(r"# .*", text)


@settings(max_examples=15, **DRAWN)
@given(scenario_files())
def test_a_scenario_survives_the_way_to_text_and_back(file: File) -> None:
    check_written(file)


@pytest.mark.slow
@settings(max_examples=500, **DRAWN)
@given(scenario_files())
def test_500_scenarios_survive_the_way_to_text_and_back(file: File) -> None:
    check_written(file)


@pytest.mark.slow
def test_the_files_have_every_key() -> None:
    seen: set[tuple[str, str]] = set()
    forms: set[str] = set()

    @settings(max_examples=150, derandomize=True, database=None, **DRAWN)
    @given(scenario_files())
    def collect(file: File) -> None:
        for name, table in file.tables.items():
            for one in table if isinstance(table, list) else [table]:
                seen.update((name, key) for key in one)
        for axis in file.tables.get("scan", {}).get("axis", []):
            seen.update(("scan.axis", key) for key in axis)
        forms.update(
            re.findall(r"^(?:\[\[? ?run ?\]\]?|run = \[$|atom\.|atom = \{)", file.text, re.MULTILINE)
        )

    @settings(max_examples=150, derandomize=True, database=None, **DRAWN)
    @given(scans)  # one file in eight has one
    def collect_scans(scan: dict[str, Any]) -> None:
        seen.update(("scan", key) for key in scan)
        seen.update(("scan.axis", key) for axis in scan["axis"] for key in axis)

    collect()
    collect_scans()
    known = {(name, key) for name, section in SECTIONS.items() for key in section.model_fields}
    assert known <= seen, known - seen
    assert {name for name, _ in seen} - {"scan.axis"} == set(schema.Document.model_fields)
    assert forms == {"[[run]]", "[[ run ]]", "run = [", "atom.", "atom = {"}


OWN = [path for path in (ROOT / "docs").rglob("*.toml") if "_build" not in path.parts]
EXAMPLES = [*OWN, *preset_names(), "howto/interaction.md"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: Path(example).name)
def test_examples_of_the_documentation_survive(example: Path | str) -> None:
    path = ROOT / "docs" / example
    names: dict[str, Any] = {"__name__": "mine"}  # a kind is known as long as its class is there
    if path.suffix == ".md":
        page = path.read_text(encoding="utf-8")
        code = re.findall(r"```{code-cell}\n(.*?class .*?)```", page, re.DOTALL)[0]
        exec(code, names)
        (text,) = re.findall(r'"""\\\n(\[atom\].*?)"""', page, re.DOTALL)
    else:
        text = path.read_text(encoding="utf-8") if path.suffix else preset_text(str(example))
    check(File(tomllib.loads(text), text), Scenario.from_text(text, str(path)), str(path))


STATE = {
    "atom": "Sr",
    "E_eg": 1.7751,
    "E_vg": 1.7983,
    "effects": ["spin"],
    "lightest_mass": 0.0123,
    "target.width": 0.004,
    "interactions": [
        {"kind": "vector-mediator", "mass": "100 eV", "electron": 1e-7, "left": {"11": 1e-7, "23": 2e-7}}
    ],
    "runs": [
        {"photon_energy": 0.8836, "duration": 1e7, "background": 1e-5, "efficiency": 0.4, "counts": 150}
        | {"polarisation": "left"},
        {"photon_energy": 0.8866, "duration": 3e6, "background": 2e-5, "efficiency": 0.5, "counts": 80},
    ],
    "planned": [{"photon_energy": 0.8866, "duration": 1e6, "polarisation": "right"}],
    "target.preparation": {"length": 1.0, "repetition": 100.0, "coherence": 0.5, "dephasing_time": 0.02}
    | {"polarisability": 1e-6},
    "confidence_level": 0.95,
}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def answer(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--json"])
        assert left.value.code == 0
        return json.loads(capsys.readouterr().out)

    return answer


def test_page_link_file_and_command_give_the_same_numbers(tmp_path: Path, said: Callable[..., Any]) -> None:
    state = State.of(**STATE)
    path = tmp_path / "scenario.toml"
    path.write_text(to_text(state.scenario), encoding="utf-8")
    states = (state, from_query(to_query(state)), start_state(path))
    assert all(one["planned"] == state["planned"] for one in states)
    assert states[1] == state
    settings = [build(one) for one in states]
    uncertain = {"normalisation_error": 0.05, "background_error": 0.2, "oscillation": ["sin2_theta12"]}
    counted = state.changed(**uncertain)
    path.write_text(to_text(counted.scenario), encoding="utf-8")
    for one in (counted, from_query(to_query(counted)), start_state(path)):
        assert {name: getattr(build(one).nuisances, name) for name in uncertain} == uncertain
    path.write_text(to_text(state.scenario), encoding="utf-8")
    assert 0.5 < settings[0].experiment.target.dynamical_factor < 0.7
    of_command = said("counts", str(path))
    assert min(np.abs(np.subtract(of_command["expected"], of_command["standard_model"]))) > 1e-3
    setting = settings[0]
    for other in settings[1:]:  # which have the same numbers if they are equal
        for name in ("atom", "neutrinos", "model", "experiment", "nuisances"):
            assert eqx.tree_equal(getattr(other, name), getattr(setting, name)), name
    assert expected(setting).model == relative(of_command["expected"], rel=1e-12)
    assert expected(setting).standard == relative(of_command["standard_model"], rel=1e-12)

    energies = [0.8836, 0.885, 0.8866]
    of_command = said("spectrum", str(path), "--photon-energy", ",".join(map(str, energies)))
    shown = renp.spectral_function(energies, setting.atom, setting.neutrinos, setting.model)
    assert shown == relative(of_command["spectral_function"], rel=1e-12)


@pytest.mark.slow
def test_page_and_command_give_the_same_limits(tmp_path: Path, said: Callable[..., Any]) -> None:
    state = State.of(**STATE)
    path = tmp_path / "scenario.toml"
    path.write_text(to_text(state.scenario), encoding="utf-8")
    of_command = said("limits", str(path))
    assert of_command["kind"] == "observed"
    of_command = of_command["limits"]
    assert set(of_command) == {"magnetic-moment", "electric-moment", "vector-mediator"}
    found = limits(build(state)).limits
    assert found.keys() == of_command.keys()
    for kind, of_kind in of_command.items():
        assert found[kind] == relative(of_kind, rel=1e-12)
