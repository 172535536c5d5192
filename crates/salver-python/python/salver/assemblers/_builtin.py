"""The assemblers that come with Salver; their modules are imported when they are first needed."""

from __future__ import annotations

from ._registry import Entry, Place, add

_HERE = "salver.assemblers."


def _entry(
    tag: str,
    module: str,
    assemble: str,
    disassemble: str | None,
    *names: str,
    bare: str | None = None,
    version: int = 1,
    upgrades: dict[int, str] | None = None,
    tagged: bool = True,
) -> None:
    def place(name: str | None) -> Place | None:
        return None if name is None else (module if "." in module else _HERE + module, name)

    entry = Entry(tag, version, place(assemble), place(disassemble), place(bare), tagged=tagged)
    for old, name in (upgrades or {}).items():
        entry.upgrades[old] = (_HERE + module, name)
    add(entry, names)


def add_all() -> None:
    """Register them all."""
    _plain()
    _arrays_and_tables()
    _astropy()


def _plain() -> None:
    for name in ("datetime", "date", "time"):
        _entry(f"datetime.{name}", "_plain", f"{name}_of", "to_text")
    _entry("datetime.timedelta", "_plain", "timedelta_of", "to_microseconds")
    _entry("builtins.complex", "_plain", "complex_of", "from_complex")
    _entry("builtins.set", "_plain", "set_of", "from_set")
    _entry("builtins.frozenset", "_plain", "frozenset_of", "from_set")
    gen3 = ("lsst.daf.butler._timespan.Timespan", "lsst.daf.butler.Timespan")
    _entry("salver.Timespan", "salver._timespan", "from_pair", "to_pair", *gen3, bare="to_pair")


def _arrays_and_tables() -> None:
    _entry("numpy.ndarray", "_numpy", "from_table", "to_special", bare="to_table", tagged=False)
    _entry("numpy.ma.MaskedArray", "_numpy", "masked", "from_masked", bare="to_table")
    _entry("numpy.datetime64", "_numpy", "scalar", "from_scalar", "numpy.timedelta64", "numpy.void")
    _entry("dict", "_numpy", "columns_from_table", None)
    pyarrow = ("pyarrow.lib.Table", "pyarrow.lib.RecordBatch")
    _entry("pyarrow.Table", "_pyarrow", "table", "to_table", *pyarrow, bare="to_table")
    _entry("pyarrow.Schema", "_pyarrow", "schema", None, "pyarrow.lib.Schema")
    frame = ("pandas.core.frame.DataFrame",)
    _entry("pandas.DataFrame", "_pandas", "data_frame", "to_table", *frame, bare="to_table")
    series = ("pandas.core.series.Series",)
    _entry("pandas.Series", "_pandas", "series", "from_series", *series)
    _entry("pandas.Index", "_pandas", "index", None)
    polars = ("polars.dataframe.frame.DataFrame",)
    _entry("polars.DataFrame", "_polars", "data_frame", "to_table", *polars, bare="to_table")
    _entry("polars.Series", "_polars", "series", "from_series", "polars.series.series.Series")
    array = ("xarray.core.dataarray.DataArray",)
    _entry("xarray.DataArray", "_xarray", "data_array", "from_data_array", *array)
    _entry("xarray.Dataset", "_xarray", "dataset", "from_dataset", "xarray.core.dataset.Dataset")


def _astropy() -> None:
    table = "astropy.table.table."
    _entry(
        "astropy.table.QTable", "_astropy", "qtable", "to_table", table + "QTable", bare="to_table"
    )
    _entry("astropy.table.Table", "_astropy", "table", "to_table", table + "Table", bare="to_table")
    units = ("astropy.units.quantity.Quantity", "astropy.units.function.core.FunctionQuantity")
    _entry("astropy.units.Quantity", "_mixins", "quantity", "to_quantity", *units)
    unit = ("astropy.units.core.UnitBase", "astropy.units.function.core.FunctionUnitBase")
    _entry("astropy.units.Unit", "_mixins", "unit", "to_unit", *unit)
    _entry(
        "astropy.time.Time",
        "_mixins",
        "time",
        "to_parts",
        "astropy.time.core.Time",
        version=2,
        upgrades={1: "time_1"},
    )
    parts = {
        "astropy.time.TimeDelta": "astropy.time.core.TimeDelta",
        "astropy.coordinates.SkyCoord": "astropy.coordinates.sky_coordinate.SkyCoord",
        "astropy.coordinates.EarthLocation": "astropy.coordinates.earth.EarthLocation",
        "astropy.coordinates.Angle": "astropy.coordinates.angles.core.Angle",
        "astropy.coordinates.Longitude": "astropy.coordinates.angles.core.Longitude",
        "astropy.coordinates.Latitude": "astropy.coordinates.angles.core.Latitude",
        "astropy.coordinates.Distance": "astropy.coordinates.distances.Distance",
    }
    for tag, name in parts.items():
        _entry(tag, "_mixins", tag.rpartition(".")[2].lower(), "to_parts", name)
    _entry("astropy.wcs.WCS", "_wcs", "wcs", "from_wcs", "astropy.wcs.wcs.WCS")
    header = ("astropy.io.fits.header.Header",)
    _entry("astropy.io.fits.Header", "_hdulist", "header", "from_header", *header)
    hdus = ("astropy.io.fits.hdu.hdulist.HDUList",)
    _entry(
        "astropy.io.fits.HDUList",
        "_hdulist",
        "hdu_list",
        "from_hdu_list",
        *hdus,
        bare="from_hdu_list",
    )
    ccd = ("astropy.nddata.ccddata.CCDData",)
    _entry("astropy.nddata.CCDData", "_nddata", "ccd_data", "to_parts", *ccd, bare="from_ccd_data")
    data = ("astropy.nddata.nddata.NDData",)
    _entry("astropy.nddata.NDData", "_nddata", "nd_data", "to_parts", *data, bare="from_nd_data")
