"""What a saved result says of its own making."""

import json
from pathlib import Path

from renp.errors import InputError
from renp.references import split_keys

ENDINGS = (".json", ".csv", ".nc")
_MARK = "# references: "


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
    if path.suffix not in ENDINGS:
        raise InputError("file", path, f"a scenario (.toml) or a result ({', '.join(ENDINGS)})")
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
