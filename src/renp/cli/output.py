"""What the commands share: options, notes on stderr, results on stdout or in a file."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from cyclopts import Parameter, Token

from renp.compilations import answer_trouble
from renp.datafiles import DATA, PICTURES, check_output, json_text, unwritable, write
from renp.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from renp.results import Result
    from renp.results.comparison import Comparison
    from renp.scenario import Scenario


def _whole(_: object, tokens: Sequence[Token]) -> int:
    # By itself the parser makes 1 of 1.5.
    try:
        number = int(tokens[-1].value)
    except ValueError:
        raise ValueError(f"{tokens[-1].value[:60]} is no whole number") from None
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{tokens[-1].value[:60]} is too large a number: it has 18 digits at most")
    return number


Whole: TypeAlias = Annotated[int, Parameter(converter=_whole)]
"""A whole number as an option."""


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """Options of every command; where output goes to is checked when they are read, before the work."""

    endings: ClassVar[tuple[str, ...]] = PICTURES + DATA

    json: Annotated[bool, Parameter(negative=())] = False
    "Print JSON on stdout and nothing else there."
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    "Write to this file: a picture (.png, .pdf, .svg) or data (.nc, .csv, .json, .yaml for HEPData)."
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False
    "Print errors only, besides what --json and --output ask for."
    imports: Annotated[tuple[str, ...], Parameter(name="--import", negative=())] = ()
    "Import this module or .py file first: interactions of one's own are in it."

    def __post_init__(self) -> None:
        for module in self.imports:
            from renp.scenario.interactions import import_interactions

            import_interactions(module)
        if self.output is not None and self.endings:
            check_output(self.output, self.endings)

    def say(self, words: str) -> None:
        """Say something to the person at the terminal, unless asked to be quiet."""
        if not self.quiet:
            note(words)


_NAMES = ["--output", "-o"]


@Parameter(name="*")
@dataclass(frozen=True)
class ScenarioOutput(Output):
    """Options of a command that writes a scenario file."""

    endings = (".toml",)
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write to this scenario file (.toml).")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class PresetOutput(Output):
    """Options of the command that writes presets, which checks itself what they go to."""

    endings = ()
    output: Annotated[
        Path | None, Parameter(name=_NAMES, help="Write to this file (.toml; .py for an interaction).")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class JsonOutput(Output):
    """Options of a command that writes JSON alone."""

    endings = (".json",)
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write to this file (.json).")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class BibOutput(Output):
    """Options of a command that writes references."""

    endings = (".bib",)
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write to this file (.bib).")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class StoreOutput(Output):
    """Options of a scan, which checks itself what it goes on with."""

    endings = ()
    output: Annotated[Path | None, Parameter(name=_NAMES, help="The result (.zarr), always needed.")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class FolderOutput(Output):
    """Options of a command that writes several files."""

    endings = ()
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write into this folder.")] = None


def note(message: str) -> None:
    """Say something to the person at the terminal."""
    print(message, file=sys.stderr)


def show(content: Any) -> None:
    """Print JSON on stdout."""
    print(json_text(content), flush=True)


def new_file(option: str, path: Path) -> None:
    """Say so if a file that is to be written is there already."""
    if path.exists():
        raise InputError(option, path, "a file that does not exist yet")


def write_text(path: Path, text: str, options: Output) -> None:
    """Write a text file and say so, or why it cannot be written."""
    write(path, text)
    options.say(f"wrote {path}")


def make_folder(path: Path) -> None:
    """Make a folder if it does not exist, or say why it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error, allowed="a folder that can be made") from None
    if not os.access(path, os.W_OK):
        raise InputError("output", path, "a folder that can be written")


def emit(result: "Result", options: Output, scenario: "Scenario | None" = None) -> None:
    """Print and save a result as the options say; what is saved has the scenario's text in it."""
    from dataclasses import replace

    from renp.results.table import LONG

    if options.output is not None:
        text = {} if scenario is None else {"scenario": scenario.text}
        written = replace(result, made_by=result.made_by | text).save(options.output)
        options.say(f"wrote {written}")
    if options.json:
        show(result.json())
    elif not options.quiet:
        print(result)
        if len(result.table().rows) > LONG and options.output is None:
            note("--output FILE.csv, FILE.nc or FILE.png has all rows")


def print_verdicts(comparison: "Comparison") -> None:
    """Print published and computed numbers with their remarks; in colours at a terminal, by verdict."""
    from rich.console import Console
    from rich.text import Text

    console, colours = Console(soft_wrap=True), {"holds": "green", "differs": "yellow"}
    title, heads, *rows = comparison.table().whole().splitlines()
    console.print(Text(f"{title}\n{heads}"))
    for number, row in zip(comparison.numbers, rows, strict=True):
        console.print(Text(row, style=colours[number.verdict]))
        if number.remark:
            console.print(Text(f"    {number.remark}", style="dim"))


@contextmanager
def quietly(options: Output) -> Iterator[None]:
    """Drop warnings if asked to be quiet."""
    with warnings.catch_warnings():
        if options.quiet:
            warnings.simplefilter("ignore")
            answer_trouble()
        yield


@contextmanager
def progress_display(options: Output, *, counted: bool = True, shown: bool = True) -> Iterator["Progress"]:
    """Show progress on stderr while a long block runs; what is left only where steps are counted."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *([MofNCompleteColumn()] if counted else []),
        TimeElapsedColumn(),
        *([TextColumn("left"), TimeRemainingColumn()] if counted else []),
        console=Console(stderr=True),
        disable=options.quiet or not shown,
    ) as display:
        yield display


@contextmanager
def progress_of(
    what: str, options: Output, *, counted: bool = True, shown: bool = True
) -> Iterator[Callable[..., None]]:
    """Show the progress of one piece of work, and drop warnings if asked to be quiet.

    What is given is called with words for what is being done, with the part that is done, or with how many
    steps are done and how many there are.
    """
    with quietly(options), progress_display(options, counted=counted, shown=shown) as display:
        task = display.add_task(what, total=None)

        def progress(done: str | float, total: int | None = None) -> None:
            if isinstance(done, str):
                display.update(task, description=f"{what}: {done}")
                return
            steps, of = (100 * done, 100) if total is None else (done, total)
            # The first call is of what was there before, and says nothing of the speed.
            first = display.tasks[task].total is None
            display.reset(task, total=of, completed=int(steps)) if first else display.update(
                task, completed=steps
            )

        yield progress
