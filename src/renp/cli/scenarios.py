"""Commands about scenario files: writing, checking, citing and handing them on."""

from pathlib import Path
from typing import TYPE_CHECKING

from renp.cli.application import TO_BIB, TO_JSON, TO_PRESET, File, app, read_scenario
from renp.cli.output import (
    BibOutput,
    JsonOutput,
    Options,
    PresetOutput,
    new_file,
    note,
    show,
    write_text,
)
from renp.datafiles import check_output, json_text
from renp.errors import ScenarioError

if TYPE_CHECKING:
    pass


@app.command
def init(preset: str = "letter", *, options: PresetOutput = TO_PRESET) -> None:
    """Print a commented scenario file, or write it with --output.

    Parameters
    ----------
    preset
        letter, vector-mediator or scalar-mediator; or interaction, the Python file of one of one's own.
    """
    from renp.scenario import TEMPLATE, preset_text

    text = preset_text(preset)
    if options.output is not None:
        check_output(options.output, (".py" if preset == TEMPLATE else ".toml",))
        new_file("output", options.output)
        write_text(options.output, text, options)
    if options.json:
        show({"preset": preset, "scenario": text})
    elif options.output is None:
        print(text, end="")


@app.command
def validate(file: File, *, options: JsonOutput = TO_JSON) -> int:
    """Check a scenario file and say every problem at once.

    With --output FILE.json, the report goes there too.
    """
    from renp.scenario import Scenario

    scenario, problems, message = None, list[str](), ""
    try:
        scenario = Scenario.read(file)
    except ScenarioError as error:
        problems, message = error.problems, str(error)
    notes = [] if scenario is None else list(scenario.notes)
    report = {"valid": not problems, "problems": problems, "notes": notes}
    if options.output is not None:
        write_text(options.output, json_text(report, indent=1) + "\n", options)
    if options.json:
        show(report)
    elif scenario is None:
        note(f"renp: {message}")
    elif not options.quiet:
        runs = len(scenario.experiment.runs.photon_energy)
        for words in notes:
            note(f"note: {words}")
        print(f"{file} is valid: {scenario.atom.name}, {runs} run{'s' if runs != 1 else ''}")
    return 2 if problems else 0


@app.command
def cite(file: Path | None = None, *, options: BibOutput = TO_BIB) -> None:
    """Print the references behind a result as BibTeX; --output FILE.bib writes them.

    Parameters
    ----------
    file
        A result that a command has written (.json, .csv, .nc or .yaml), a scenario file (.toml), or nothing
        for the package and the papers whose formula it computes.
    """
    from renp.references import PAPERS, bibtex, merged

    keys = merged(("renp",), PAPERS if file is None else _references(file, options))
    text = bibtex(keys)
    if options.output is not None:
        write_text(options.output, text, options)
    if options.json:
        show({"keys": [key for key in keys if not key.startswith("@")], "bibtex": text})
    elif options.output is None:
        print(text, end="")


@app.command
def workspace(file: File, coupling: str, *, options: JsonOutput = TO_JSON) -> None:
    """Export the counts and one coupling as a workspace for pyhf; --output FILE.json writes it.

    Parameters
    ----------
    coupling
        Such as "magnetic-moment 11"; the file's other couplings are left out.
    """
    from renp.inference.likelihood import Likelihood
    from renp.inference.workspace import pyhf_workspace
    from renp.validation import choice

    scenario = read_scenario(file, options, runs=True)
    known = {one.name: one for one in scenario.couplings}
    chosen = known[choice("coupling", coupling, tuple(known))]
    likelihood = Likelihood(scenario.experiment, scenario.neutrinos, [chosen], nuisances=scenario.nuisances)
    content = pyhf_workspace(likelihood, coupling)
    if options.output is not None:
        write_text(options.output, json_text(content, indent=1) + "\n", options)
    if options.json or options.output is None:
        show(content)


def _references(file: Path, options: Options) -> tuple[str, ...]:
    from renp.results.base import saved_references

    return read_scenario(file, options).references if file.suffix == ".toml" else saved_references(file)
