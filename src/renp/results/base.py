"""What all results share: a table, a picture, a data set, a file, and how they were made."""

import abc
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp._version import __version__
from renp.datafiles import replaced
from renp.errors import InputError
from renp.references import OWN, merged, references_of, split_keys
from renp.results.columns import Declared, dataset_of, json_of, plain, rows_of
from renp.results.table import Table
from renp.validation import choice

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

PICTURES = (".png", ".pdf", ".svg")
DATA = (".nc", ".csv", ".json")
_MARK = "# references: "
_FACTOR = "dynamical_factor"


def provenance(cite: Iterable[str] = (), **inputs: object) -> dict[str, str]:
    """Return how a result was made: the version, each input in words, and the references behind them.

    Parameters
    ----------
    cite
        Keys of the method, and of inputs that are given in words.
    inputs
        Values; their ``references`` are collected.

    Examples
    --------
    >>> sorted(provenance(confidence_level=0.9))
    ['confidence_level', 'references', 'renp']
    """
    keys = merged((OWN,), references_of(inputs), cite)
    made_by = {"renp": __version__} | {key: _words(value) for key, value in inputs.items()}
    return made_by | _of_preparation(inputs.values()) | {"references": "\n".join(keys)}


def _of_preparation(inputs: Iterable[object]) -> dict[str, str]:
    """Return what is said of η where experiments among the inputs, or of a likelihood, compute it."""
    several = [one for value in inputs for one in (*getattr(value, "experiments", ()), value)]
    targets = [getattr(one, "target", None) for one in several]
    means = [
        f"{one.dynamical_factor:.3g}" for one in targets if getattr(one, "preparation", None) is not None
    ]
    if not means:
        return {}
    of = ", ".join(dict.fromkeys(means))
    return {_FACTOR: f"η = {of} is the mean of the target's preparation over all time."}


def _words(value: object) -> str:
    import equinox as eqx

    from renp.interactions.couplings import Interaction

    if isinstance(value, eqx.Module) and not isinstance(value, Interaction):
        return eqx.tree_pformat(value, short_arrays=False)
    if isinstance(value, list) and any(isinstance(one, eqx.Module) for one in value):
        return "\n".join(_words(one) for one in value)
    return str(value)


@dataclass(frozen=True)
class Control:
    """A choice that the picture of a result leaves: an argument of `plot`, and one of `renp.explore`."""

    name: str
    """Of the argument, which `_draw` takes and has a default for."""
    label: str
    """Beside the control."""
    options: Callable[[Any], tuple[str, ...]] | None = None
    """What a result has to choose from; None for yes or no."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(abc.ABC):
    """A computed result; ``made_by`` says with which version, inputs and settings.

    A result declares its columns, from which its table, JSON, CSV and data set follow, and the controls of
    its picture.
    """

    made_by: dict[str, str]

    @property
    def columns(self) -> Declared:
        """What it consists of."""
        return ()

    @property
    def controls(self) -> tuple[Control, ...]:
        """What one may choose of its picture."""
        return ()

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the result, for `renp.citations`."""
        return split_keys(self.made_by.get("references", ""))

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """What stands above the table."""

    def table(self) -> Table:
        """Return the result as a table."""
        return self.full_table()

    def full_table(self) -> Table:
        """Return the table with everything that a file should have."""
        return Table(self.title, *rows_of(self, self.columns))

    def json(self) -> dict[str, Any]:
        """Return the result as JSON data, energies in eV; null for what is not finite."""
        content: dict[str, Any] = plain(self._content())
        return content

    def dataset(self) -> "xr.Dataset":
        """Return the result as an xarray data set with units."""
        return dataset_of(self, self.columns)

    def plot(self, **chosen: Any) -> "Figure":
        """Return a figure of the result.

        Parameters
        ----------
        **chosen
            What its `controls` name; left out, as usual.

        Raises
        ------
        InputError
            If there is no such control, or no such option.
        """
        from renp.results.style import style

        controls = {control.name: control for control in self.controls}
        for name, value in chosen.items():
            options = controls[choice("control", name, tuple(controls))].options
            if options is not None:
                choice(name, value, options(self))
            elif not isinstance(value, bool):
                raise InputError(name, repr(value), "True or False")
        with style():
            return self._draw(**chosen)

    def __str__(self) -> str:
        return "\n".join([str(self.table()), *(f"• {sentence}" for sentence in self._sentences())])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in self._sentences())
        return self.table().html() + (f"<ul>{sentences}</ul>" if sentences else "")

    def _sentences(self) -> tuple[str, ...]:
        """Return what stands below the table: the diagnosis, of results that have one, and what η is."""
        said = getattr(self, "diagnosis", None) or ()
        return (*said, self.made_by[_FACTOR]) if _FACTOR in self.made_by else said

    def save(self, path: str | Path) -> Path:
        """Write a picture (.png, .pdf, .svg) or data (.nc, .csv, .json), by the ending.

        Raises
        ------
        InputError
            If the ending is none of these, or the folder does not exist.
        """
        path = Path(path)
        if path.suffix not in PICTURES + DATA:
            raise InputError("output", path, f"a file ending in {', '.join(PICTURES + DATA)}")
        with replaced(path) as new:
            self._write(new)
        return path

    def _content(self) -> dict[str, Any]:
        return json_of(self, self.columns)

    @abc.abstractmethod
    def _draw(self, *_: Any, **chosen: Any) -> "Figure":
        """Return a figure, drawn in the package's style; its arguments are those of the controls."""

    def _write(self, path: Path) -> None:
        if path.suffix in PICTURES:
            self._save_picture(path)
        elif path.suffix == ".nc":
            # In memory first, as pictures: libraries of formats do not survive a full disk.
            path.write_bytes(self.dataset().assign_attrs(self.made_by).to_netcdf(engine="h5netcdf"))
        elif path.suffix == ".csv":
            path.write_text(self.full_table().csv(self.made_by), encoding="utf-8")
        else:
            content = self.json() | {"made_by": self.made_by}
            path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")

    def _save_picture(self, path: Path) -> None:
        import matplotlib.pyplot as plt

        from renp.results.style import style

        key = {".png": "Comment", ".pdf": "Subject", ".svg": "Description"}[path.suffix]
        made_by = "; ".join(f"{name}: {value}" for name, value in self.made_by.items())
        figure = self.plot()
        try:
            with style():  # it says how fonts are embedded, too
                figure.savefig(drawn := BytesIO(), format=path.suffix[1:], metadata={key: made_by})
        finally:
            plt.close(figure)
        path.write_bytes(drawn.getvalue())


def saved_references(path: str | Path) -> tuple[str, ...]:
    """Return the keys of the references that a saved result was made with.

    Parameters
    ----------
    path
        A file that `Result.save` wrote, ending in .json, .csv or .nc.

    Raises
    ------
    InputError
        If the file cannot be read, or says nothing of its references.

    Examples
    --------
    >>> import tempfile
    >>> from renp.results import Catalogue
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved_references(Catalogue.compute().save(Path(folder) / "atoms.csv"))
    ('renp', 'nist-asd', 'kramida-2011')
    """
    path = Path(path)
    if path.suffix not in DATA:
        raise InputError("file", path, f"a scenario (.toml) or a result ({', '.join(DATA)})")
    if not path.is_file():
        raise InputError("file", path, "a file that exists")
    try:
        text = _netcdf(path) if path.suffix == ".nc" else _text(path)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError):
        raise InputError("file", path, "a result that renp has saved, with its references") from None
    return split_keys(text)


def _text(path: Path) -> str:
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return str(json.loads(content)["made_by"]["references"])
    lines = [line.removeprefix(_MARK) for line in content.splitlines() if line.startswith(_MARK)]
    if not lines:
        raise KeyError(_MARK)
    return "\n".join(lines)


def _netcdf(path: Path) -> str:
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as data:
        return str(data.attrs["references"])
