"""What users install: the core without extras, the built distributions, an interaction in one file."""

import ast
import inspect
import os
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import renp
from every_command import COMMANDS, FEW, SCENARIO, TARGET, WHOLE
from extras import MISSING, SAID, WORKS
from renp.cli.commands import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

IMPORTED_AS = {
    "scipy-stubs": "",
    "pytest-xdist": "xdist",
    "sphinxcontrib-bibtex": "sphinxcontrib",
}
"""Where a package's module has another name; "" where it has none."""


ABSENT = """
from importlib.machinery import PathFinder
found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name in {names!r} else found(name, *rest)
"""
"""Makes modules what they are where they are not installed."""


def modules(requirements: list[str]) -> set[str]:
    names = [re.match(r"[\w-]+", requirement)[0] for requirement in requirements]  # type: ignore[index]
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names} - {""}


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a command; another interpreter than ours finds what is installed for it, and nothing else."""
    environment = dict(os.environ)
    if command[0] != sys.executable:
        environment.pop("PYTHONPATH", None)
    words = [str(part) for part in command]
    found = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=environment, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def python(environment: Path) -> Path:
    return environment / "bin" / "python"


# Without extras


@pytest.mark.slow
def test_the_core_works_without_extras_and_says_which_is_missing(tmp_path: Path) -> None:
    core = modules(PROJECT["dependencies"])
    blocked = sorted({m for extra in EXTRAS.values() for m in modules(extra)} - core)
    absent = ABSENT.format(names=blocked)
    assert run(sys.executable, "-c", absent + MISSING, cwd=tmp_path).splitlines() == SAID


def test_every_command_is_tried_with_each_option() -> None:
    """What needs an extra is among `MISSING`; what `main` does with --json and --quiet is in test_cli."""
    for name in (name for name in app if not name.startswith("-") and name != "explore"):
        options = {
            f"--{parameter.replace('_', '-')}"
            for parameter, kind in inspect.signature(app[name].default_command).parameters.items()
            if kind.kind is inspect.Parameter.KEYWORD_ONLY
        }
        lines = [line for line in COMMANDS.splitlines() if line.split()[:1] == [name]]
        assert lines, name
        assert options - {"--options", "--cluster"} <= set(" ".join(lines).split()), name


def test_what_is_imported_is_declared() -> None:
    """Every package that the source imports is a dependency, belongs to an extra, or is a notebook's own."""
    declared = (
        {"IPython"}
        | modules(PROJECT["dependencies"])
        | {m for extra in EXTRAS.values() for m in modules(extra)}
    )
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            for top in {name.partition(".")[0] for name in names}:
                assert top in declared | set(sys.stdlib_module_names) | {"renp"}, f"{path.name}: {top}"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository")
def test_nothing_large_is_kept() -> None:
    """Pictures of the documentation are the largest files; packages and data of others have no place."""
    kept = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    large = [name for name in kept if (ROOT / name).is_file() and (ROOT / name).stat().st_size > 300_000]
    assert large == []
    assert [name for name in kept if name.endswith((".whl", ".gz", ".zip", ".so"))] == []


# Distributions


def files(root: Path, folder: str) -> set[str]:
    """Return what is in a folder, without what was made from it."""
    found = (path.relative_to(root) for path in (root / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not {"__pycache__", "_build"} & set(path.parts)}


def installed(folder: Path, what: str) -> Path:
    """Return the interpreter of a new environment with a distribution; what is not run is not compiled."""
    venv.create(folder, with_pip=True)
    pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt", what)
    run(*pip, "check")
    return pip[0]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built as a user's tools would build them, and the source that the sdist has."""
    folder = tmp_path_factory.mktemp("dist")
    tools = installed(folder / "tools", "build")
    run(tools, "-m", "build", "--outdir", folder, ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (folder / sdist.name.removesuffix(".tar.gz")).rename(folder / "source")
    return folder


@pytest.fixture(scope="module")
def core(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel and no extra."""
    (wheel,) = distributions.glob("*.whl")
    return installed(tmp_path_factory.mktemp("core") / "clean", str(wheel))


@pytest.mark.slow
def test_the_wheel_has_the_data_and_the_type_marker(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    assert renp.__version__ in wheel.name
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src").rglob("*.*") if p.is_file()}
    assert {n for n in source if "__pycache__" not in n} <= names
    assert "renp/py.typed" in names
    assert not any(name.startswith(("tests", "docs")) for name in names)


@pytest.mark.slow
def test_the_sdist_has_all_that_the_makefile_needs(distributions: Path) -> None:
    needed = {"pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md", "Makefile"}
    needed |= {"CONTRIBUTING.md", "constraints.txt", "constraints-lowest.txt"}
    assert needed <= files(distributions / "source", ".")
    for folder in ("src", "tests", "docs", "benchmarks"):
        assert files(distributions / "source", folder) == files(ROOT, folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_a_clean_environment_can_use_it(
    distributions: Path, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (file,) = distributions.glob(f"*.{kind}")
    clean = request.getfixturevalue("core") if kind == "whl" else installed(tmp_path / "clean", str(file))
    assert str(clean.parents[1]) in run(clean, "-c", "import renp; print(renp.__file__)", cwd=tmp_path)
    command = clean.with_name("renp")
    run(command, "init", "letter", "-o", "run.toml", cwd=tmp_path)
    assert "1.068" in run(command, "counts", "run.toml", cwd=tmp_path)
    assert run(command, "--version", cwd=tmp_path).strip() == renp.__version__


@pytest.mark.slow
def test_the_core_alone_can_do_every_command(core: Path, tmp_path: Path) -> None:
    for name, text in {
        "run.toml": SCENARIO,
        "few.toml": FEW,
        "target.toml": TARGET,
        "whole.toml": WHOLE,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for line in COMMANDS.strip().splitlines():
        run(core.with_name("renp"), *shlex.split(line), cwd=tmp_path)


@pytest.mark.slow
def test_the_core_alone_says_what_is_missing(core: Path, tmp_path: Path) -> None:
    assert run(core, "-c", MISSING, cwd=tmp_path).splitlines() == SAID


@pytest.mark.slow
@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_extras_work_one_by_one(distributions: Path, extra: str, tmp_path: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    clean = installed(tmp_path / "clean", f"{wheel}[{extra}]")
    run(clean, "-c", f"import renp, {', '.join(sorted(modules(EXTRAS[extra])))}", cwd=tmp_path)
    run(clean, "-c", WORKS[extra], distributions / "source", cwd=tmp_path)


# Lowest versions


def test_lowest_versions_are_those_of_the_project() -> None:
    """Each dependency is pinned at its lower bound, or above where another one asks for more."""
    text = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)$", text, re.MULTILINE))
    for requirement in PROJECT["dependencies"]:
        name, least = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups()  # type: ignore[union-attr]
        parts = [tuple(map(int, version.split("."))) for version in (pinned[name], least)]
        assert parts[0] >= parts[1], name


# An interaction in one file

INTERACTION = '''
"""A contact interaction, as CONTRIBUTING.md describes."""

from typing import Any, ClassVar

import jax.numpy as jnp

from renp.interactions.couplings import Couplings, Interaction
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, number


class Contact(Interaction):
    """Right-handed neutrinos at a point with the electron."""

    kind: ClassVar[str] = "one-file-contact"

    strength: Scalar

    def __init__(self, strength: Any) -> None:
        self.strength = number("strength", strength, "a finite number")

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return V = A = strength/2."""
        matrix = self.strength * jnp.eye(3) / 2
        effective = Couplings(V=matrix, A=matrix)
        return effective.majorana() if neutrinos.nature == "majorana" else effective
'''

USED = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "one-file-contact"
strength = 0.3
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
[[run]]
photon_energy = "1.0712 eV"
duration = "10 day"
"""

FLOORS = """
import jax, numpy as np, renp
from renp.results import Spectrum

scenario = renp.Scenario.read("run.toml")
print(scenario.model)
Spectrum.compute(scenario.atom, scenario.neutrinos, scenario.model).save("spectrum.png")
assert float(renp.expected_counts(scenario.experiment, scenario.neutrinos, scenario.model).sum()) > 0
likelihood = scenario.likelihood()
best = renp.fit(likelihood, likelihood.asimov(scenario.truth(likelihood)))
assert best.chi2 < 1e-6
of = lambda x: renp.expected_counts(scenario.experiment, scenario.neutrinos, renp.Weak() + renp.Contact(x))[0]
assert np.isfinite(jax.grad(of)(0.3))
"""


@pytest.mark.slow
def test_contributing_one_file_makes_an_interaction(tmp_path: Path) -> None:
    """The steps of "Add an interaction in one file", in a copy of the source: one new file, two names."""
    steps = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "Add an interaction in one file" in steps
    source = ROOT / "src" / "renp"
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = tmp_path / "renp" / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "renp" / "interactions" / "contact.py").write_text(INTERACTION, encoding="utf-8")
    listed = tmp_path / "renp" / "interactions" / "__init__.py"
    listed.write_text(
        listed.read_text(encoding="utf-8") + "\nfrom renp.interactions.contact import Contact\n"
    )
    top = tmp_path / "renp" / "__init__.py"
    text = top.read_text(encoding="utf-8")
    top.write_text(
        text.replace('"renp.interactions": [', '"renp.interactions": [\n        "Contact",'), encoding="utf-8"
    )
    (tmp_path / "run.toml").write_text(USED, encoding="utf-8")
    prefix = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    assert "Contact(strength=0.3)" in run(sys.executable, "-c", prefix + FLOORS, cwd=tmp_path)
    commands = prefix + "from renp.cli import main; main({!r})"
    for command in ("validate", "spectrum", "counts", "limits"):
        run(sys.executable, "-c", commands.format([command, "run.toml", "--quiet"]), cwd=tmp_path)
