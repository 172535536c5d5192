"""astropy's quantities, units, times and coordinates, by the parts that astropy itself stores.

Times keep both of their numbers, so that no bit is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_NS_PER_DAY = 86_400 * 10**9
_JD_1970 = 2440587.5


def to_parts(obj: Any) -> dict[str, Any]:
    """What astropy stores of a time, a coordinate or an angle in its own table files."""
    parts = dict(obj.info._represent_as_dict())
    for key, value in list(parts.items()):
        if hasattr(value, "unmasked"):
            parts[key], mask = value.unmasked, np.asarray(value.mask)
            if mask.any():
                parts[f"{key}.mask"] = mask
    return parts


def _made(cls: Any, parts: dict[str, Any]) -> Any:
    from astropy.utils.masked import Masked

    parts = dict(parts)
    for key in [key for key in parts if key.endswith(".mask")]:
        mask, name = parts.pop(key), key.removesuffix(".mask")
        parts[name] = Masked(parts[name], mask=mask)
    return cls.info._construct_from_dict(parts)


def time(parts: Any) -> Any:
    """An `astropy.time.Time`."""
    from astropy.time import Time

    return _made(Time, parts) if isinstance(parts, dict) else instant(parts)


def time_1(parts: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had nanoseconds of TAI alone."""
    return to_parts(instant(parts["tai_ns"]))


def instant(tai_ns: Any) -> Any:
    """An `astropy.time.Time` of nanoseconds of TAI since 1970, exact to the nanosecond."""
    from astropy.time import Time

    days, rest = np.divmod(np.asarray(tai_ns, dtype="int64"), _NS_PER_DAY)
    return Time(days + _JD_1970, rest / _NS_PER_DAY, format="jd", scale="tai")


def timedelta(parts: dict[str, Any]) -> Any:
    """An `astropy.time.TimeDelta`."""
    from astropy.time import TimeDelta

    return _made(TimeDelta, parts)


def skycoord(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.SkyCoord`."""
    from astropy.coordinates import SkyCoord

    return _made(SkyCoord, parts)


def earthlocation(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.EarthLocation`."""
    from astropy.coordinates import EarthLocation

    return _made(EarthLocation, parts)


def angle(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.Angle`."""
    from astropy.coordinates import Angle

    return _made(Angle, parts)


def longitude(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.Longitude`."""
    from astropy.coordinates import Longitude

    return _made(Longitude, parts)


def latitude(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.Latitude`."""
    from astropy.coordinates import Latitude

    return _made(Latitude, parts)


def distance(parts: dict[str, Any]) -> Any:
    """An `astropy.coordinates.Distance`."""
    from astropy.coordinates import Distance

    return _made(Distance, parts)


def to_quantity(quantity: Any) -> dict[str, Any]:
    """Value, unit and, where something is masked, mask."""
    value = quantity.value
    parts: dict[str, Any] = {}
    if hasattr(value, "unmasked"):
        parts["mask"], value = np.asarray(value.mask), value.unmasked
    exact = np.ndim(value) or np.asarray(value).dtype != np.float64
    return {
        "value": np.asarray(value) if exact else float(value),
        "unit": quantity.unit.to_string(),
        **parts,
    }


def quantity(parts: Any) -> Any:
    """An `astropy.units.Quantity`; of a plain array or number, without a unit."""
    from astropy import units

    if not isinstance(parts, dict):
        return units.Quantity(parts)
    value = parts["value"]
    if "mask" in parts:
        from astropy.utils.masked import Masked

        value = Masked(value, mask=parts["mask"])
    unit = units.Unit(parts["unit"])
    if isinstance(unit, units.UnitBase):
        return units.Quantity(value, unit, dtype=np.asarray(parts["value"]).dtype)
    return value * unit


def to_unit(unit: Any) -> str:
    """The unit as astropy writes it."""
    text: str = unit.to_string()
    return text


def unit(text: str) -> Any:
    """An `astropy.units.Unit`; one that is not known keeps its name."""
    from astropy.units import Unit

    return Unit(text, parse_strict="silent")
