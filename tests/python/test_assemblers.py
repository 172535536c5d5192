"""Assemblers of a user's own, their versions, and what happens without them."""

from __future__ import annotations

import datetime as dt
import enum
import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
import salver
from salver import Tagged, assemblers
from salver.assemblers import AssemblerWarning, Context, LossWarning


def back(obj: object, format: str = "json") -> object:
    return salver.loads(salver.dumps(obj, format), format=format)


class Star:
    """A class of a user's."""

    def __init__(self, name: str, flux: np.ndarray) -> None:
        self.name, self.flux = name, flux


@salver.assembler(Star, tag="mypkg.Star", version=3)
class StarAssembler:
    @staticmethod
    def disassemble(star: Star) -> dict:
        return {"name": star.name, "flux": star.flux}

    @staticmethod
    def assemble(parts: dict) -> Star:
        return Star(parts["name"], parts["flux"])

    @staticmethod
    def upgrade_1(parts: dict) -> dict:  # had magnitudes, one by one
        return {"name": parts["name"], "mags": np.asarray(parts["mags"])}

    @staticmethod
    def upgrade_2(parts: dict) -> dict:
        return {"name": parts["name"], "flux": 10 ** (-0.4 * parts["mags"])}


@salver.assembler(tag="mypkg.Colour")
class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Inner:
    """Not registered: known by the field that holds it."""

    x: int
    limits: tuple[float, float]


@salver.assembler(tag="mypkg.Thing", version=2)
@dataclass
class Thing:
    colour: Colour
    inner: Inner
    many: list[Inner]
    by_name: dict[str, Inner]
    pair: tuple[int, ...]
    names: set[str]
    maybe: Inner | None
    data: np.ndarray
    extra: int = 7
    made: int = field(init=False, default=0)

    @staticmethod
    def upgrade_1(parts: dict) -> dict:
        return {**parts, "maybe": None}


def thing() -> Thing:
    inner = Inner(1, (0.5, 1.5))
    made = Thing(
        Colour.BLUE, inner, [inner, inner], {"a": inner}, (1, 2), {"u", "v"}, None, np.arange(4.0)
    )
    made.made = 5
    return made


def test_uc_050_a_class_of_a_user_needs_few_lines_and_no_change_here() -> None:
    """uc_050: the assembler above has 19 lines; it works in every format that holds maps."""
    import inspect

    assert len(inspect.getsource(StarAssembler).splitlines()) <= 30
    for format in ("json", "yaml", "fits"):
        star = back({"stars": [Star("a", np.arange(3.0))]}, format)["stars"][0]
        assert isinstance(star, Star) and star.name == "a"
        np.testing.assert_array_equal(star.flux, np.arange(3.0))


def test_uc_050_a_dataclass_is_assembled_by_its_fields() -> None:
    """uc_050: nested classes, tuples, sets and enumerations come back as they were."""
    made = back(thing())
    assert isinstance(made, Thing)
    expected = thing()
    np.testing.assert_array_equal(made.data, expected.data)
    made.data = expected.data = None
    assert made == expected and made.made == 5


def test_uc_050_an_entry_point_registers(tmp_path) -> None:
    """uc_050: a package is found by its entry point, nothing is imported before it is needed."""
    (tmp_path / "otherpkg.py").write_text(
        "import salver\n"
        "class Odd:\n    pass\n"
        "@salver.assembler(Odd, tag='otherpkg.Odd')\n"
        "class A:\n"
        "    disassemble = staticmethod(lambda odd: {'n': odd.n})\n"
        "    @staticmethod\n"
        "    def assemble(parts):\n"
        "        odd = Odd(); odd.n = parts['n']; return odd\n"
    )
    info = tmp_path / "otherpkg-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: otherpkg\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[salver.assemblers]\nodd = otherpkg\n")
    code = (
        "import sys, salver\n"
        'stored = b\'{"$tag": {"name": "otherpkg.Odd", "version": 1, "tree": {"n": 3}}}\'\n'
        "assert 'otherpkg' not in sys.modules\n"
        "odd = salver.loads(stored)\n"
        "assert type(odd).__module__ == 'otherpkg' and odd.n == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(tmp_path)})


def test_uc_056_old_versions_are_upgraded() -> None:
    """uc_056: each version's form goes through the upgrades after it."""
    for version, parts in (
        (1, {"name": "a", "mags": [0.0, 2.5]}),
        (2, {"name": "a", "mags": np.array([0.0, 2.5])}),
    ):
        star = back(Tagged("mypkg.Star", version, parts))
        assert isinstance(star, Star)
        np.testing.assert_allclose(star.flux, [1.0, 0.1])


def test_uc_056_a_missing_field_of_an_old_dataclass_has_its_default() -> None:
    """uc_056: an upgrade fills what has no default."""
    parts = assemblers.disassemble(thing()).value
    del parts["maybe"], parts["extra"]
    made = back(Tagged("mypkg.Thing", 1, parts))
    assert isinstance(made, Thing) and made.extra == 7 and made.maybe is None


def test_uc_056_a_newer_version_is_a_plain_tree_with_a_note() -> None:
    """uc_056: what a newer release wrote is readable, and says why it is plain."""
    with pytest.warns(AssemblerWarning, match=r"`mypkg.Star` was written as version 9"):
        star = back(Tagged("mypkg.Star", 9, {"name": "a", "spectrum": [1, 2]}))
    assert isinstance(star, Tagged) and star.version == 9
    assert star["spectrum"] == [1, 2] and "version 3 is what is known here" in star.note


def test_uc_052_an_absent_class_reads_as_a_tree_with_its_tag() -> None:
    """uc_052: arrays and tables are there, and nothing is imported by name."""
    stored = {"psf": Tagged("antigravity.Psf", 4, {"kernel": np.eye(3)})}
    made = back(stored)["psf"]
    assert (made.name, made.version) == ("antigravity.Psf", 4)
    np.testing.assert_array_equal(made["kernel"], np.eye(3))
    assert made.note == "no assembler is registered for `antigravity.Psf`"
    assert "antigravity" not in sys.modules
    again = back({"psf": made})["psf"]  # and is stored again with its tag
    assert (again.name, again.version) == ("antigravity.Psf", 4)


def test_uc_052_an_absent_package_reads_as_a_tree() -> None:
    """uc_052: without astropy its tables are tables, and its times their numbers."""
    from astropy.time import Time

    stored = salver.dumps({"t": Time("2024-01-01"), "n": 1})
    code = (
        "import sys\n"
        "class Never:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.partition('.')[0] == 'astropy':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Never())\n"
        "import warnings, salver\n"
        "warnings.simplefilter('ignore')\n"
        "value = salver.loads(sys.stdin.buffer.read())\n"
        "print(value['n'], value['t'].name, value['t'].value['scale'], value['t'].note)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], input=stored, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout.decode().split(maxsplit=3)[:3] == ["1", "astropy.time.Time", "utc"]
    assert b"needs the package `astropy`" in run.stdout


def test_uc_053_no_stored_name_is_imported_or_run() -> None:
    """uc_053: a tag is looked up among registered assemblers only."""
    before = set(sys.modules)
    for name in ("os.system", "antigravity.fly", "builtins.eval", "subprocess.Popen"):
        made = back({"x": Tagged(name, 1, ["touch /nowhere"])})["x"]
        assert isinstance(made, Tagged) and made.value == ["touch /nowhere"]
    assert "antigravity" not in set(sys.modules) - before


def test_uc_057_an_assembler_knows_data_id_and_parameters_alone() -> None:
    """uc_057: no butler, no store, no registry is within its reach."""
    seen: list[object] = []

    class Seen:
        pass

    def take(obj: Seen, context: Context) -> dict:
        seen.append(context)
        return {}

    def make(parts: dict, context: Context) -> Seen:
        seen.append(context)
        return Seen()

    assemblers.register(Seen, tag="test.Seen", assemble=make, disassemble=take)
    assert isinstance(back(Seen()), Seen)
    for context in seen:
        assert isinstance(context, Context)
        assert vars(context) == {"data_id": {}, "parameters": {}}
        assert type(context.data_id) is dict and type(context.parameters) is dict


def test_a_pydantic_model_comes_back_validated() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Part(pydantic.BaseModel):
        when: dt.datetime

    @salver.assembler(tag="mypkg.Model")
    class Model(pydantic.BaseModel):
        parts: list[Part]
        colour: Colour
        pair: tuple[int, str]
        limit: float | None = None

    when = dt.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
    model = Model(parts=[Part(when=when)], colour=Colour.RED, pair=(1, "a"))
    assert back(model) == model
    broken = assemblers.disassemble(model)
    broken.value["pair"] = ["x", "y"]
    with pytest.raises(pydantic.ValidationError):
        back(broken)


def test_what_is_not_registered_is_stored_under_its_own_name() -> None:
    made = back(Inner(1, (2.0, 3.0)))
    assert made.name == f"{__name__}.Inner" and made.value == {"x": 1, "limits": [2.0, 3.0]}


def test_enumerations_of_text_and_numbers_are_plain() -> None:
    class Mode(enum.StrEnum):
        FAST = "fast"

    class Bits(enum.IntEnum):
        ONE = 1

    assert back({"mode": Mode.FAST, "bits": Bits.ONE}) == {"mode": "fast", "bits": 1}


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2024, 1, 2, 3, 4, 5, 678901),
        dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-3, minutes=-30))),
        dt.date(1, 1, 1),
        dt.time(23, 59, 59, 999999),
        dt.timedelta(days=-1, microseconds=1),
        complex(-0.0, float("inf")),
        {1, 2, 3},
        frozenset({"a"}),
        set(),
    ],
    ids=repr,
)
def test_values_of_the_standard_library_come_back(value: object) -> None:
    made = back([value])[0]
    assert type(made) is type(value) and made == value and repr(made) == repr(value)


def test_uc_055_units_that_a_kind_has_no_place_for_are_named() -> None:
    """uc_055: a loss is a warning that names the column."""
    from astropy.table import Column, Table

    table = Table({"id": [1], "flux": Column([1.0], unit="nJy", description="measured")})
    stored = salver.dumps(table)
    with pytest.warns(LossWarning, match="column flux: pandas keeps no unit 'nJy' and no descr"):
        salver.loads(stored, "pandas.DataFrame")
    with pytest.warns(LossWarning, match="column flux: polars keeps no unit"):
        salver.loads(stored, "polars.DataFrame")
    with pytest.warns(LossWarning, match="column flux: a NumPy array keeps no unit"):
        salver.loads(stored, "numpy.ndarray")


def test_a_part_is_read_alone(tmp_path) -> None:
    path = tmp_path / "x.fits"
    salver.write(path, {"a": {"image": np.arange(12.0).reshape(3, 4)}, "n": 5})
    assert salver.read(path, part="/n") == 5
    piece = salver.read(path, part="/a/image", box=[(1, 3), (0, 2)])
    np.testing.assert_array_equal(piece, [[4, 5], [8, 9]])


def test_uc_054_a_format_that_cannot_hold_it_says_so_before_it_writes(tmp_path) -> None:
    """uc_054: the node and the formats are named; a file that is there stays."""
    path = tmp_path / "x.npy"
    salver.write(path, np.arange(3))
    with pytest.raises(salver.UnsupportedError, match="map"):
        salver.write(path, {"a": 1})
    np.testing.assert_array_equal(salver.read(path), np.arange(3))
    with pytest.raises(salver.InvalidInputError, match="ending"):
        salver.write(tmp_path / "x.unknown", 1)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npy"]
