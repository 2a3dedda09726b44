"""What all results share: a table, a picture, a data set, a file, and how they were made."""

import abc
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp._version import __version__
from renp.datafiles import DATA, PICTURES, check_output, json_text, write
from renp.errors import InputError
from renp.experiment import Experiment
from renp.references import OWN, merged, references_of, split_keys
from renp.results.columns import Declared, dataset_of, json_of, plain, rows_of
from renp.results.table import Table, set_html
from renp.validation import choice

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_MARK = "# references: "
_SAID = ("reference_width", "dynamical_factor")
"""What is said of experiments below every table."""


_MEAN = "mean_dynamical_factor"


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
    said = [one for value in inputs.values() for one in _experiments(value)]
    lines = {"reference_width": [one.width_said for one in said]}
    means = [float(one.target.dynamical_factor) for one in said if one.target.preparation is not None]
    lines["dynamical_factor"] = [
        f"η = {mean:.3g} is the mean of the target's preparation over all time." for mean in means
    ]
    lines[_MEAN] = [str(mean) for mean in means]
    made_by |= {key: "\n".join(dict.fromkeys(words)) for key, words in lines.items() if words}
    return made_by | {"references": "\n".join(keys)}


def _experiments(value: Any) -> list[Experiment]:
    """Return the experiments of an input: itself, those of a list, or of a likelihood."""
    if isinstance(value, Experiment):
        return [value]
    found = value if isinstance(value, (list, tuple)) else getattr(value, "experiments", ())
    return [one for one in found if isinstance(one, Experiment)]


def _words(value: object) -> str:
    import equinox as eqx

    from renp.interactions.couplings import Interaction

    if isinstance(value, eqx.Module) and not isinstance(value, Interaction):
        return eqx.tree_pformat(value, short_arrays=False)
    if isinstance(value, list) and any(isinstance(one, eqx.Module) for one in value):
        return "\n".join(_words(one) for one in value)
    return str(value)


def _show_once(figure: "Figure") -> None:
    import matplotlib.pyplot as plt
    from IPython.display import display  # which has asked

    vars(figure).pop("_ipython_display_", None)
    plt.close(figure)
    display(figure)


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
        """Return the result as JSON data, energies in eV; null for what is not finite.

        Counts say as ``reference_width`` which width they are of; what rests on a target's preparation says
        its mean η.
        """
        content: dict[str, Any] = plain(self._content())
        said = {key: said for key in _SAID[:1] if (said := self.made_by.get(key))}
        means = [float(one) for one in self.made_by.get(_MEAN, "").split()]
        return content | said | ({_MEAN: means[0] if len(means) == 1 else means} if means else {})

    def dataset(self) -> "xr.Dataset":
        """Return the result as an xarray data set with units."""
        return dataset_of(self, self.columns)

    def plot(self, *, column: str | None = None, **chosen: Any) -> "Figure":
        """Return a figure of the result.

        Parameters
        ----------
        column
            "single" or "double" for one or two columns of a journal, 86 or 178 mm with text of 8 pt; "slide"
            for one of 13.3 × 7.5 inches with text of 14 pt; for a screen if left out.
        **chosen
            What its `controls` name; left out, as usual.

        Raises
        ------
        InputError
            If there is no such column, control or option.
        """
        from renp.results.style import style

        controls = {control.name: control for control in self.controls}
        for name, value in chosen.items():
            options = controls[choice("control", name, tuple(controls))].options
            if options is not None:
                choice(name, value, options(self))
            elif not isinstance(value, bool):
                raise InputError(name, repr(value), "True or False")
        with style(column):
            figure = self._draw(**chosen)
        # A notebook shows a figure that is the value of a cell, and once more as one of pyplot's.
        vars(figure)["_ipython_display_"] = partial(_show_once, figure)
        return figure

    def __str__(self) -> str:
        return self._with_sentences(str(self.table()))

    def brief(self) -> str:
        """Return title and sentences, without the rows."""
        return self._with_sentences(self.title)

    def _with_sentences(self, text: str) -> str:
        return "\n".join([text, *(f"• {sentence}" for sentence in self._sentences())])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{set_html(sentence)}</li>" for sentence in self._sentences())
        return self.table()._repr_html_() + (f"<ul>{sentences}</ul>" if sentences else "")

    def _sentences(self) -> tuple[str, ...]:
        """Return what stands below the table: the diagnosis, of results that have one, width and η."""
        said = [self.made_by.get(key, "") for key in _SAID]
        return (
            *(getattr(self, "diagnosis", None) or ()),
            *(line for one in said for line in one.splitlines()),
        )

    def save(self, path: str | Path, *, column: str | None = None) -> Path:
        """Write a picture (.png, .pdf, .svg) or data (.nc, .csv, .json, .yaml for HEPData), by the ending.

        Parameters
        ----------
        path
            Of the file.
        column
            Of a picture, as in `plot`.

        Raises
        ------
        InputError
            If the ending is none of these, the folder does not exist, the file cannot be written, or data
            are to have a column; the file that was there is then as it was.
        """
        path = Path(path)
        check_output(path, PICTURES + DATA)
        if column is not None and path.suffix not in PICTURES:
            raise InputError("column", repr(column), f"left out without a picture ({', '.join(PICTURES)})")
        write(path, self.file(path.suffix, column))
        return path

    def _content(self) -> dict[str, Any]:
        return json_of(self, self.columns)

    @abc.abstractmethod
    def _draw(self, *_: Any, **chosen: Any) -> "Figure":
        """Return a figure, drawn in the package's style; its arguments are those of the controls."""

    def file(self, ending: str, column: str | None = None) -> bytes:
        """Return what a file has, by its ending; in memory: not every library survives a full disk."""
        if ending in PICTURES:
            return self._picture(ending, column)
        if ending == ".nc":
            return bytes(self.dataset().assign_attrs(self.made_by).to_netcdf(engine="h5netcdf"))
        if ending == ".csv":
            return self.full_table().csv(self.made_by).encode()
        if ending == ".yaml":
            return self.full_table().hepdata(self.made_by).encode()
        return (json_text(self.json() | {"made_by": self.made_by}, indent=1) + "\n").encode()

    def _picture(self, ending: str, column: str | None) -> bytes:
        import matplotlib.pyplot as plt

        from renp.results.style import style

        key = {".png": "Comment", ".pdf": "Subject", ".svg": "Description"}[ending]
        made_by = "; ".join(f"{name}: {value}" for name, value in self.made_by.items())
        figure = self.plot(column=column)
        try:
            with style(column):  # it says how fonts are embedded, too
                figure.savefig(drawn := BytesIO(), format=ending[1:], metadata={key: made_by})
        finally:
            plt.close(figure)
        return drawn.getvalue()


def saved_references(path: str | Path) -> tuple[str, ...]:
    """Return the keys of the references that a saved result was made with.

    Parameters
    ----------
    path
        A file that `Result.save` wrote, ending in .json, .csv, .yaml or .nc.

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
    import h5py  # the format below netCDF's: its readers trip over what they have half opened

    with h5py.File(path) as data:
        return str(data.attrs["references"])
