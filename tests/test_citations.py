"""References: every key has an entry, and a result names those of what it was made from, and no others."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import jax.numpy as jnp
import pytest

import renp
from cases import DAY, NU
from renp.bounds import catalogue
from renp.cli import main
from renp.datafiles import read_text, read_toml
from renp.inference.methods import METHODS
from renp.references import bibtex, entries, references_of, split_keys
from renp.results import Counts, Spectrum

RUNS = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * DAY)
OWN = "@misc{own,\n  title = {A {Model} of One's Own}\n}"


class Own(renp.Interaction):
    cites: ClassVar[tuple[str, ...]] = (OWN,)
    strength: float

    def couplings(self, neutrinos: Any, q2: Any) -> renp.Couplings:
        return renp.Couplings(V=self.strength * jnp.eye(3))


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE)


def cited(data: Any) -> Iterator[str]:
    """Every key that a data file names."""
    if isinstance(data, dict):
        yield from data.get("references", [])
        for value in data.values():
            yield from cited(value)
    elif isinstance(data, list):
        for value in data:
            yield from cited(value)


def test_every_entry_is_read() -> None:
    assert list(entries()) == keys(read_text("references.bib"))
    for text in entries().values():
        assert text.count("{") == text.count("}")
        assert re.search(r"^  title = \{.+\},?$", text, re.MULTILINE)
        assert re.search(r"^  year = \{\d{4}\}", text, re.MULTILINE)


@pytest.mark.parametrize("file", ["atoms.toml", "oscillation.toml", "bounds.toml", "scattering.toml"])
def test_keys_of_data_files_have_entries(file: str) -> None:
    found = list(cited(read_toml(file)))
    assert found
    assert set(found) <= set(entries())


def test_every_source_in_a_data_file_has_keys() -> None:
    assert all(entry.references for entry in catalogue())
    assert all(release["references"] for release in read_toml("oscillation.toml").values())
    levels = [v for atom in read_toml("atoms.toml").values() for v in [atom["e"], atom["v"]]]
    assert all(level["references"] for level in levels)


def test_identifiers_agree_with_the_data_files() -> None:
    """An arXiv number beside a bound is that of an entry that it names."""
    for entry in catalogue():
        if entry.arxiv and "Ge, P. Pasquini" not in entry.reference:
            assert any(f"eprint = {{{entry.arxiv}}}" in entries()[key] for key in entry.references)


@pytest.mark.sampled
@pytest.mark.parametrize("method", ["delta-chi2", "asymptotic", "cls"])
def test_limits_name_their_method_and_no_other(method: str) -> None:
    found = renp.upper_limits(RUNS, NU, method=method).references
    others = {key for other in METHODS.values() for key in other.cites} - set(METHODS[method].cites)
    assert set(METHODS[method].cites) <= set(found)
    assert not (others - {"ge-2023-letter"}) & set(found)


@pytest.mark.parametrize(("release", "key"), [("nufit-6.0", "esteban-2024"), ("dinh-2012", "fogli-2012")])
def test_the_release_that_was_used(release: str, key: str) -> None:
    model = renp.Weak()
    found = Spectrum.compute(RUNS.atom, renp.Neutrinos(0.01, release=release), model).references
    assert key in found
    assert ("esteban-2024" in found) == (release == "nufit-6.0")


def test_parameters_of_ones_own_cite_no_release() -> None:
    values = {"sin2_theta12": 0.3, "sin2_theta13": 0.02, "sin2_theta23": 0.5, "delta_cp": 1.0}
    own = renp.Neutrinos(0.01, **values, dm2_21=7e-5, dm2_31=2.5e-3)
    assert own.references == ()
    assert renp.Neutrinos(0.01, **values).references == ("esteban-2024",)


def test_atoms_and_widths() -> None:
    assert references_of(renp.Atom.named("Hg")) == ("nist-asd", "kramida-2011")
    assert references_of(renp.Atom("mine", 1.0, 2.0)) == ()
    assert "ge-2023-proceeding" in renp.Target().references
    assert "ge-2023-proceeding" not in renp.Target(width=5e-4).references


def test_a_model_cites_what_it_is_made_of() -> None:
    model = renp.Weak() + 2.0 * renp.VectorMediator(1.0, 1e-8, left={(1, 1): 1e-8}) + Own(0.1)
    assert "ge-2022-mediators" in model.references
    assert OWN in model.references
    assert "ge-2022-mediators" not in renp.Weak().references
    assert keys(renp.citations(model))[0] == "renp"
    assert keys(renp.citations(model))[-1] == "own"


def test_citations_of_nothing_are_how_to_cite_the_package() -> None:
    assert keys(renp.citations()) == ["renp", "ge-2023-letter", "ge-2023-proceeding"]


def test_citations_of_several_name_each_once() -> None:
    found = keys(renp.citations(NU, RUNS, Counts.compute(RUNS, NU)))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("value", [3.0, None, "Yb"])
def test_what_has_no_references_is_said(value: object) -> None:
    with pytest.raises(renp.InputError, match="value"):
        renp.citations(value)
    with pytest.raises(renp.InputError, match="'nobody-1900'"):
        bibtex(["nobody-1900"])


@pytest.mark.parametrize("ending", ["json", "csv", "nc"])
def test_saved_results_are_cited(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., int]
) -> None:
    result = Counts.compute(RUNS, NU, renp.Weak() + Own(0.1))
    path = result.save(tmp_path / f"counts.{ending}")
    assert ran("cite", path, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["bibtex"] == renp.citations(result)
    assert shown["keys"] == [key for key in result.references if key != OWN]


def test_scenarios_are_cited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., int]
) -> None:
    ran("init", "vector-mediator", "-o", tmp_path / "run.toml", "-q")
    assert ran("cite", tmp_path / "run.toml", "-o", tmp_path / "run.bib", "-q") == 0
    assert capsys.readouterr().out == ""
    assert "ge-2022-mediators" in keys((tmp_path / "run.bib").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", "{}"), ("a.csv", "1,2\n"), ("a.nc", ""), ("a.png", ""), ("a.json", "[")]
)
def test_files_without_references_are_refused(
    name: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., int]
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert ran("cite", tmp_path / name) == 2
    assert capsys.readouterr().err.startswith("renp: file = ")


def test_keys_survive_being_written() -> None:
    assert split_keys("\n".join(("renp", OWN, "read-2002"))) == ("renp", OWN, "read-2002")


def test_the_citation_file_names_the_same_papers() -> None:
    text = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    version = re.search(r"^version: (.+)$", text, re.MULTILINE)
    assert version is not None
    assert version[1] == renp.__version__
    for key in ("ge-2023-letter", "ge-2023-proceeding"):
        doi = re.search(r"doi = \{(.+)\}", entries()[key])
        assert doi is not None
        assert f"doi: {doi[1]}" in text


def test_the_package_is_cited_with_its_version() -> None:
    assert f"version {renp.__version__}}}" in entries()["renp"]


@pytest.fixture
def ran() -> Callable[..., int]:
    def run(*arguments: object) -> int:
        with pytest.raises(SystemExit) as caught:
            main([str(a) for a in arguments])
        return int(caught.value.code or 0)

    return run
