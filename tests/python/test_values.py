"""Python objects ↔ trees."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import salver
from salver import Table, Tagged, _salver, assemblers

round_trip = _salver._round_trip


def bare(obj: object) -> Table:
    """The table that a storage class of the object's own type stores."""
    return round_trip(assemblers.disassemble(obj, bare=True))


def test_plain_values_come_back() -> None:
    value = {"a": [1, 2.5, None, True, "é", b"\x00\xff"], "b": {"c": {}}, "d": [], "e": -(2**63)}
    assert round_trip(value) == value
    assert list(round_trip({"z": 1, "a": 2})) == ["z", "a"]
    assert round_trip(2**64 - 1) == 2**64 - 1
    assert type(round_trip(True)) is bool


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1])
def test_a_whole_number_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(salver.InvalidInputError, match="too large"):
        round_trip(value)


def test_a_key_that_is_not_text_is_refused() -> None:
    with pytest.raises(salver.InvalidInputError, match="key"):
        round_trip({"ok": {1: 2}})


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list = []
    loop.append(loop)
    with pytest.raises(salver.InvalidInputError, match="deep"):
        round_trip(loop)


def test_an_unknown_object_names_its_type() -> None:
    class Strange:
        pass

    with pytest.raises(salver.InvalidInputError, match="Strange"):
        round_trip(Strange())


@pytest.mark.parametrize(
    "dtype",
    "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 S3 U4 >i2 >f8 >c16 >U4".split(),
)
def test_arrays_of_every_item_type_come_back(dtype: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    back = round_trip(values)
    assert back.dtype == values.dtype.newbyteorder("=")
    assert back.shape == values.shape
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1, 1)])
def test_small_shapes_come_back(shape: tuple[int, ...]) -> None:
    back = round_trip(np.ones(shape, "f4"))
    assert back.shape == shape and back.dtype == "f4"


def test_what_comes_back_is_writable_and_its_own() -> None:
    values = np.arange(6.0).reshape(2, 3)
    back = round_trip({"x": values})["x"]
    back[:] = -1
    assert values[0, 1] == 1
    assert back.flags.writeable and back.flags.c_contiguous


def test_views_that_are_not_contiguous_come_back() -> None:
    values = np.arange(100, dtype="i2").reshape(10, 10)
    for view in (values.T, values[::2, 1::3], values[::-1], np.asfortranarray(values)):
        np.testing.assert_array_equal(round_trip(view), view)


def test_numpy_scalars_become_plain() -> None:
    back = round_trip([np.int16(3), np.float32(0.5), np.bool_(True), np.str_("x"), np.float64(2)])
    assert back == [3, 0.5, True, "x", 2.0]
    assert [type(x) for x in back] == [int, float, bool, str, float]


def test_a_structured_array_is_a_table() -> None:
    dtype = [
        ("a", "i4"),
        ("b", "f8", (2, 3)),
        ("c", "U5"),
        ("d", "S2"),
        ("e", "?"),
        ("f", "M8[us]"),
    ]
    values = np.zeros(4, dtype=dtype)
    values["a"] = range(4)
    values["b"] = np.arange(24).reshape(4, 2, 3)
    values["c"] = ["é", "", "abcde", "x"]
    values["d"] = [b"", b"ab", b"x", b"y"]
    values["e"] = [True, False, True, False]
    values["f"] = np.array(
        ["2024-01-01", "1969-12-31T23:59:59.5", "2000-02-29", "1678-01-01"], "M8[us]"
    )
    table = bare(values)
    assert isinstance(table, Table) and table.num_rows == 4
    assert table.metadata["lsst::arrow::len::c"] == "5"
    back = assemblers.assemble(table, "numpy.ndarray")
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_masked_items_of_a_structured_array_stay_masked() -> None:
    values = np.ma.zeros(3, dtype=[("a", "i4"), ("s", "U3")])
    values["s"] = ["x", "yy", "zzz"]
    values.mask["a"] = [False, True, False]
    values.mask["s"] = [True, False, False]
    back = round_trip(values, "numpy.ndarray")
    np.testing.assert_array_equal(back.mask["a"], values.mask["a"])
    np.testing.assert_array_equal(back.mask["s"], values.mask["s"])
    assert list(back["s"][1:]) == ["yy", "zzz"]


def test_an_arrow_table_shares_memory_both_ways() -> None:
    """uc_055: nulls, units and docs of columns survive between kinds of tables."""
    pa = pytest.importorskip("pyarrow")
    field = pa.field("x", pa.float64(), metadata={"unit": "Jy"})
    source = pa.table(
        [pa.array([1.0, None, 3.0]), pa.array(["a", None, "ccc"])],
        schema=pa.schema([field, ("y", pa.string())], metadata={"made": "here"}),
    )
    table = bare(source)
    assert table.column_names == ["x", "y"] and len(table) == 3
    back = assemblers.assemble(table, "pyarrow.lib.Table")
    assert back.equals(source, check_metadata=True)
    address = source.column("x").chunk(0).buffers()[1].address
    assert back.column("x").chunk(0).buffers()[1].address == address


def test_chunks_and_no_chunks_of_an_arrow_table_give_columns() -> None:
    pa = pytest.importorskip("pyarrow")
    column = pa.chunked_array([[1, 2], [], [3, None]], type=pa.int32())
    values, mask = bare(pa.table({"x": column})).columns()["x"]
    assert list(values[:3]) == [1, 2, 3] and list(mask) == [False, False, False, True]
    values, mask = bare(pa.table({"x": pa.chunked_array([], pa.string())})).columns()["x"]
    assert len(values) == 0 and values.dtype == "U10" and mask is None


def test_a_slice_of_an_arrow_table_keeps_its_rows() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"x": list(range(10)), "v": [[i, i] for i in range(10)]})
    table = table.set_column(1, "v", table["v"].cast(pa.list_(pa.int64(), 2))).slice(3, 4)
    columns = bare(table).columns()
    assert columns["x"][0].tolist() == [3, 4, 5, 6]
    assert columns["v"][0].tolist() == [[3, 3], [4, 4], [5, 5], [6, 6]]


def test_a_frame_keeps_its_index() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "b": [0.5, None, 1.5], "c": ["x", None, "é"]},
        index=pd.MultiIndex.from_tuples([("i", 1), ("i", 2), ("j", 1)], names=["k", "n"]),
    )
    table = bare(frame)
    assert "pandas" in table.metadata and table.metadata["lsst::arrow::rowcount"] == "3"
    pd.testing.assert_frame_equal(assemblers.assemble(table, "pandas.core.frame.DataFrame"), frame)


def test_an_astropy_table_keeps_units_masks_and_meta() -> None:
    """uc_055: masks, nulls and units are not lost between kinds of tables."""
    table_module = pytest.importorskip("astropy.table")
    table = table_module.Table()
    table["id"] = table_module.Column([1, 2, 3], description="number", dtype="i8")
    table["flux"] = table_module.MaskedColumn(
        [1.0, 2.0, 3.0], mask=[False, True, False], unit="nJy", format="%.3f"
    )
    table["name"] = ["a", "bcd", ""]
    table["pos"] = np.arange(6.0).reshape(3, 2)
    table.meta["origin"] = {"k": [1, 2]}
    back = round_trip(table, "astropy.table.Table")
    assert back.colnames == table.colnames
    assert str(back["flux"].unit) == "nJy" and back["flux"].format == "%.3f"
    assert back["id"].description == "number"
    assert list(back["flux"].mask) == [False, True, False]
    assert back["name"].dtype == table["name"].dtype
    assert back.meta["origin"] == {"k": [1, 2]}
    np.testing.assert_array_equal(back["pos"], table["pos"])


def test_a_qtable_comes_back_with_quantities_and_times() -> None:
    table_module = pytest.importorskip("astropy.table")
    from astropy import units
    from astropy.time import Time

    table = table_module.QTable()
    table["x"] = [1.0, 2.0] * units.km
    table["t"] = Time(["2024-01-01T00:00:00", "2025-06-01T12:00:00"], scale="tai")
    back = round_trip(table, "astropy.table.QTable")
    assert isinstance(back["x"], units.Quantity) and back["x"].unit == units.km
    assert (back["t"] == table["t"]).all()


def test_times_and_quantities_come_back() -> None:
    pytest.importorskip("astropy")
    from astropy import units
    from astropy.time import Time

    time = Time("2024-03-01T12:34:56.123456789", scale="utc")
    back = assemblers.assemble(round_trip(time), None)
    assert abs((back - time).to_value("ns")) < 1
    assert assemblers.assemble(round_trip(3 * units.arcsec), None) == 3 * units.arcsec


def test_a_tag_without_an_assembler_reads_as_plain() -> None:
    """uc_052: a value is readable without the class that made it."""
    tagged = round_trip(Tagged("nowhere.Thing", 3, {"x": 1}))
    assert (tagged.name, tagged.version) == ("nowhere.Thing", 3)
    back = assemblers.assemble(tagged, None)
    assert (back.name, back.version, back.value) == ("nowhere.Thing", 3, {"x": 1})
    assert "no assembler is registered for `nowhere.Thing`" in back.note and back["x"] == 1
    assert assemblers.assemble(tagged, "dict") == {"x": 1}


def test_a_registered_assembler_is_used() -> None:
    """uc_050: a project adds its own kinds of objects."""

    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    name = f"{Point.__module__}.{Point.__qualname__}"
    assemblers.register(
        name, assemble=lambda v: Point(v["x"]), disassemble=lambda p: Tagged(name, 1, {"x": p.x})
    )
    assert assemblers.assemble(round_trip(Point(7)), None).x == 7
    assert name in assemblers.known()


def test_importing_loads_no_heavy_package() -> None:
    code = (
        "import sys, salver; heavy = {'numpy', 'astropy', 'pyarrow', 'pandas', 'lsst'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
