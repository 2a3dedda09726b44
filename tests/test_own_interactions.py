"""Interactions of one's own without a package: the template, the pages' classes, and --import."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import renp
from cases import TEXT
from renp.cli import main
from renp.errors import InputError, ScenarioError
from renp.scenario import TEMPLATE, Scenario, preset_text
from renp.scenario.interactions import import_interactions

ROOT = Path(__file__).parents[1]
OWN = '\n[[interaction]]\nkind = "right-handed-contact"\nstrength = {}\n'
BIN = Path(sys.executable).parent


def classes_of(page: str) -> str:
    """Return the cells of a page up to the end of its own interaction, which is a file of its own."""
    cells = re.findall(
        r"```{code-cell}\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL
    )
    (own,) = (cell for cell in cells if "renp.Interaction)" in cell)
    return own


def files(folder: Path) -> list[str]:
    """Write the template and the pages' classes into files, and return their names."""
    texts = {
        "contact.py": preset_text(TEMPLATE),
        "howto.py": classes_of("howto/interaction.md"),
        "tutorial.py": classes_of("tutorials/mediator.md"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(texts)


def run(folder: Path, *words: str) -> str:
    found = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_page_shows_the_template() -> None:
    template = preset_text(TEMPLATE)
    assert classes_of("howto/interaction.md").strip() in template


def test_what_pages_show_passes_ruff(tmp_path: Path) -> None:
    ruff = shutil.which("ruff", path=str(BIN)) or "ruff"
    run(tmp_path, ruff, "check", "--isolated", *files(tmp_path))
    run(tmp_path, ruff, "format", "--isolated", "--line-length=110", "--check", "contact.py", "howto.py")


@pytest.mark.slow
def test_what_pages_show_passes_mypy(tmp_path: Path) -> None:
    cache = f"--cache-dir={ROOT / '.mypy_cache'}"
    run(tmp_path, sys.executable, "-m", "mypy", "--strict", cache, *files(tmp_path))


@pytest.mark.slow
def test_the_template_works_at_once(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["init", "interaction", "--output", str(tmp_path / "contact.py")])
    assert ended.value.code == 0
    runs = preset_text("letter").replace('kind = "magnetic-moment"', 'kind = "electric-moment"')
    (tmp_path / "run.toml").write_text(runs + OWN.format(1.0), encoding="utf-8")
    renp = (sys.executable, "-c", "from renp.cli import main; main()")
    name = "right-handed-contact strength"
    words = ("limits", "run.toml", "--couplings", name, "--json")
    found = json.loads(run(tmp_path, *renp, "--import", "contact.py", *words))
    assert found["limits"]["right-handed-contact"]["strength"] > 0
    assert "is valid" in run(tmp_path, *renp, "validate", "run.toml", "--import", "contact")


def test_what_is_derived_from_a_moment_has_a_limit_of_its_own() -> None:
    class Soft(renp.MagneticMoment):
        """It could depend on q²."""

        kind = "soft-moment"

    text = TEXT.replace('"magnetic-moment"', '"soft-moment"')
    limited = Scenario.from_text(text, "soft.toml").limited
    assert [type(one.interaction) for one in limited].count(Soft) > 0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("broken.py", "import renp\n\nx = y\n", "name 'y' is not defined; broken.py, line 3"),
        ("unfinished.py", "class X(\n", "SyntaxError: .*line 1"),
        ("json.py", "", "called otherwise: json is a module of Python's already"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(
    name: str, text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        import_interactions(str(tmp_path / name))


def test_a_wrong_import_is_a_users_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["atoms", "--import", "no_such_module"])
    assert ended.value.code == 2
    assert "import = no_such_module: must be a module that can be imported" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["import", "imports", "module"])
def test_no_file_can_import(key: str) -> None:
    with pytest.raises(ScenarioError, match=key):
        Scenario.from_text(f'{key} = "os"\n' + preset_text("letter"))
