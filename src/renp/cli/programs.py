"""Commands that stand for themselves: the explorer, and both papers reproduced."""

from pathlib import Path
from typing import TYPE_CHECKING

from renp.cli.application import TO_FOLDER, TO_SCENARIO, app
from renp.cli.output import (
    FolderOutput,
    ScenarioOutput,
    Whole,
    make_folder,
    print_verdicts,
    progress_display,
    show,
    write_text,
)
from renp.errors import InputError

if TYPE_CHECKING:
    from renp.explorer.state import State


@app.command
def explore(
    file: Path | None = None,
    *,
    port: Whole = 5006,
    address: str = "localhost",
    browser: bool = True,
    options: ScenarioOutput = TO_SCENARIO,
) -> None:
    """Open the explorer: spectra, counts, limits, plans and bounds that follow one's hand, in a browser.

    It begins with a scenario file, or with the letter's preset. Only this machine reaches it, unless
    --address says otherwise; nothing is fetched from anywhere. Ctrl-C stops it. --output FILE.toml writes
    the scenario with which it begins, and --json tells the page's address.

    Parameters
    ----------
    file
        Scenario file (TOML), or nothing for the letter's preset.
    port
        Of the page; 0 lets the system choose one.
    address
        At which the server listens; anyone who reaches another one than localhost can use the page.
    browser
        Open a browser.
    """
    from renp.explorer import require_panel

    try:
        require_panel()
    except ImportError as error:
        raise InputError("explore", "without its packages", f"installed first: {error}") from None
    from renp.explorer.front import serve

    def begin() -> "State":
        from renp.explorer.exchange import start_state
        from renp.scenario.write import to_text

        start = start_state(file)
        if options.output is not None:
            write_text(options.output, to_text(start.scenario), options)
        return start if file is not None else start.changed(tab="start")

    def tell(url: str) -> None:
        if options.json:
            show({"url": url})
        else:
            options.say(f"The explorer is starting at {url} (Ctrl-C stops it)")

    serve(begin, file=file.name if file else "", port=port, address=address, browser=browser, tell=tell)


@app.command
def reproduce(*, options: FolderOutput = TO_FOLDER) -> None:
    """Reproduce both papers: figures and numbers, published against computed.

    Writes report.html, the figures as PDF and numbers.json into the folder given with --output
    (renp-report if left out); it takes some minutes, and each figure is written as soon as it is made.
    """
    from renp.papers.report import write_report

    folder = options.output or Path("renp-report")
    if folder.suffix or (folder.exists() and not folder.is_dir()):
        raise InputError("output", folder, "a folder, which is made if it does not exist")
    make_folder(folder)
    with progress_display(options) as progress:
        report = write_report(folder, progress)
    if options.json:
        show(report.json())
    elif not options.quiet:
        print_verdicts(report)
        print(f"\nThe report is at {folder / 'report.html'}")
