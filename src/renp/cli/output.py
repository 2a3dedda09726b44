"""What the commands share: options, notes on stderr, results on stdout or in a file."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from cyclopts import Parameter, Token

from renp.compilations import answer_trouble
from renp.datafiles import DATA, PICTURES, check_output, json_text, unwritable, write
from renp.errors import InputError
from renp.progress import count_text, counted

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
class Options:
    """Options of every command; where output goes to is checked when they are read, before the work."""

    endings: ClassVar[tuple[str, ...]] = PICTURES + DATA

    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    "Print JSON on stdout and nothing else there."
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    "Write to this file: a picture (.png, .pdf, .svg) or data (.nc, .csv, .json, .yaml for HEPData)."
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=(), show_default=False)] = False
    "Print errors only, besides what --json and --output ask for."
    imports: Annotated[tuple[str, ...], Parameter(name="--import", negative=(), show_default=False)] = ()
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


@Parameter(name="*")
@dataclass(frozen=True)
class Output(Options):
    """Options of a command with a result, which has a picture."""

    column: Literal["single", "double", "slide"] | None = None
    "Of a picture: one or two columns of a journal, 86 or 178 mm, or a slide; for a screen if left out."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.endings:
            self.check_column(self.output)

    def check_column(self, picture: Path | None) -> None:
        """Raise `InputError` if a column's width is asked for, and no picture is written."""
        if self.column is not None and (picture is None or picture.suffix not in PICTURES):
            raise InputError("column", self.column, f"left out without a picture ({', '.join(PICTURES)})")


_NAMES = ["--output", "-o"]


@Parameter(name="*")
@dataclass(frozen=True)
class ScenarioOutput(Options):
    """Options of a command that writes a scenario file."""

    endings = (".toml",)
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write to this scenario file (.toml).")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class PresetOutput(Options):
    """Options of the command that writes presets, which checks itself what they go to."""

    endings = ()
    output: Annotated[
        Path | None, Parameter(name=_NAMES, help="Write to this file (.toml; .py for an interaction).")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class JsonOutput(Options):
    """Options of a command that writes JSON alone."""

    endings = (".json",)
    output: Annotated[Path | None, Parameter(name=_NAMES, help="Write to this file (.json).")] = None


@Parameter(name="*")
@dataclass(frozen=True)
class BibOutput(Options):
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
class FolderOutput(Options):
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


def new_scenario(path: Path) -> None:
    """Say so if a scenario file cannot be written there, or is there already: before the work."""
    check_output(path, (".toml",), "scenario")
    new_file("scenario", path)


def write_text(path: Path, text: str, options: Options) -> None:
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


_BROAD = 12
"""Columns beyond which rows do not fit a terminal."""


def emit(result: "Result", options: Output, scenario: "Scenario | None" = None) -> None:
    """Print and save a result as the options say; what is saved has the scenario's text in it."""
    from dataclasses import replace

    from renp.results.table import LONG

    if options.output is not None:
        text = {} if scenario is None else {"scenario": scenario.text}
        with progress_of(f"writing {options.output.name}", options):
            written = replace(result, made_by=result.made_by | text).save(
                options.output, column=options.column
            )
        options.say(f"wrote {written}")
    if options.json:
        show(result.json())
    elif not options.quiet:
        table = result.table()
        is_long, is_broad = len(table.rows) > LONG, len(table.columns) > _BROAD
        print(result.brief() if (is_long or is_broad) and options.output is not None else result)
        if is_long and options.output is None:
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
def quietly(options: Options) -> Iterator[None]:
    """Drop warnings if asked to be quiet."""
    with warnings.catch_warnings():
        if options.quiet:
            warnings.simplefilter("ignore")
            answer_trouble()
        yield


@contextmanager
def progress_display(options: Options) -> Iterator["Progress"]:
    """Show on stderr, where it is a terminal, that a block is at work: a line that goes away with it.

    What is left of the time stands there once steps are counted.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    class Left(TimeRemainingColumn):
        def render(self, task: Task) -> Text:
            return Text("left ").append_text(super().render(task)) if task.total else Text()

    console = Console(stderr=True, quiet=options.quiet)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(24),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        Left(),
        console=console,
        transient=True,
        disable=options.quiet or not console.is_terminal,
    ) as display:
        yield display


@contextmanager
def progress_of(what: str, options: Options) -> Iterator[Callable[..., None]]:
    """Show the progress of one piece of work, and drop warnings if asked to be quiet.

    What is given is called as `renp.progress.counted` says; until it counts, a bar has no end.
    """
    if options.quiet or not sys.stderr.isatty():  # loading what would draw takes longer than to validate
        with quietly(options):
            yield lambda *_: None
        return
    with quietly(options), progress_display(options) as display:
        task = display.add_task(what, total=None, count="")

        def progress(done: str | float, total: int | None = None) -> None:
            words, now, whole = counted(done, total)
            if words:
                display.update(task, description=f"{what}: {words}")
            if whole is None:
                if display.tasks[task].total is not None:  # of the phase before
                    display.tasks[task].total = None
                    display.update(task, count="")
                return
            # The first call is of what was there before, and says nothing of the speed.
            first = display.tasks[task].total is None
            show: Any = display.reset if first else display.update
            show(task, total=whole, completed=now, count=count_text(now, whole))

        with _compilations(lambda now: display.update(task, count="compiling …" if now else "")):
            yield progress


@contextmanager
def _compilations(tell: Callable[[bool], None]) -> Iterator[None]:
    """Tell when a program begins to be compiled, or read from where it is kept, and when it is there."""
    _told.append(tell)
    try:
        if len(_told) == 1 and not _watching:
            from jax import monitoring

            _watching.append(True)
            monitoring.register_event_listener(lambda event, **_: _tell(event, begins=True))
            monitoring.register_event_duration_secs_listener(
                lambda event, *_, **__: _tell(event, begins=False)
            )
        yield
    finally:
        _told.pop()


_told: list[Callable[[bool], None]] = []
_watching: list[bool] = []


def _tell(event: str, *, begins: bool) -> None:
    if _told and event.endswith("compile_requests_use_cache" if begins else "backend_compile_duration"):
        _told[-1](begins)
