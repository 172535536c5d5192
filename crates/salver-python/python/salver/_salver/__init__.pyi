"""What is written in Rust. Private: import the names from `salver` and its modules."""

from ._butler import *  # noqa: F403
from ._model import *  # noqa: F403
from ._sphere import *  # noqa: F403
from ._value import *  # noqa: F403
from ._value import _round_trip as _round_trip
from ._worker import *  # noqa: F403

__version__: str
