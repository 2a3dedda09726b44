"""A scenario survives the way to text and back, whatever it says and however its file is written."""

import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import equinox as eqx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from renp.explorer.address import from_query, to_query
from renp.explorer.start import from_scenario
from renp.scenario import Scenario, preset_names, preset_text, schema
from renp.scenario.write import to_text
from scenarios import File, scenario_files

ROOT = Path(__file__).parents[1]
SECTIONS = schema.SECTIONS | {
    "runs": schema.RunsSection,
    "scan": schema.ScanSection,
    "scan.axis": schema.AxisSection,
}
DRAWN = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.explicit, Phase.generate]}


def check(file: File) -> None:
    """Check all ways from a scenario file to a scenario and back."""
    assert tomllib.loads(file.text) == file.tables
    with TemporaryDirectory() as folder:
        path = file.write(Path(folder))
        scenario = Scenario.read(path)
        document = scenario.document
        assert to_text(document, file.text) == file.text
        anew = to_text(document)
        again = Scenario.from_text(anew, str(path))
        assert again.document.tables() == document.tables()
        assert to_text(again.document) == anew
        for name in ("atom", "neutrinos", "terms", "experiment"):
            assert eqx.tree_equal(getattr(again, name), getattr(scenario, name)), name
        assert (again.confidence_level, again.nuisances) == (scenario.confidence_level, scenario.nuisances)
        assert again.scan == scenario.scan or again.document.scan == document.scan

        heavier = document.neutrinos.model_copy(update={"lightest_mass": 0.0123})
        changed = to_text(document.changed(neutrinos=heavier), file.text)
        assert Scenario.from_text(changed, str(path)).document == document.changed(neutrinos=heavier)
        assert comments(changed) == comments(file.text)

        state = from_scenario(scenario)
        assert from_query(to_query(state)) == state


def comments(text: str) -> list[str]:
    return re.findall(r"# .*", text)


@settings(max_examples=60, **DRAWN)
@given(scenario_files())
def test_a_scenario_survives_the_way_to_text_and_back(file: File) -> None:
    check(file)


@pytest.mark.slow
@settings(max_examples=500, **DRAWN)
@given(scenario_files())
def test_500_scenarios_survive_the_way_to_text_and_back(file: File) -> None:
    check(file)


def test_the_files_have_every_key() -> None:
    seen: set[tuple[str, str]] = set()
    forms: set[str] = set()

    @settings(max_examples=300, derandomize=True, database=None, **DRAWN)
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

    collect()
    known = {(name, key) for name, section in SECTIONS.items() for key in section.model_fields}
    assert known <= seen, known - seen
    assert {name for name, _ in seen} - {"scan.axis"} == set(schema.Document.model_fields)
    assert forms == {"[[run]]", "[[ run ]]", "run = [", "atom.", "atom = {"}


def examples() -> dict[str, tuple[str, Path]]:
    """Return each scenario of the documentation, complete or in parts, and where it lies."""
    found = {path.name: (path.read_text(encoding="utf-8"), path) for path in (ROOT / "docs").rglob("*.toml")}
    found |= {name: (preset_text(name), ROOT / "x.toml") for name in preset_names()}
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        if "_build" in page.parts:
            continue
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^ *```toml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
        blocks += re.findall(r'"""\\?\n((?:(?!""").)*?\[neutrinos\].*?)"""', text, re.DOTALL)
        found |= {f"{page.name} {k}": (block, page) for k, block in enumerate(blocks)}
    return found


@pytest.mark.parametrize("name", examples())
def test_examples_of_the_documentation_survive(name: str) -> None:
    text, path = examples()[name]
    document = None
    if "[neutrinos]" in text:
        document = Scenario.from_text(text, str(path)).document
    print(name, document)
