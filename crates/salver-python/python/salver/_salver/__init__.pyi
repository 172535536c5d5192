"""What is written in Rust. Private: import the names from `salver` and its modules."""

from ._butler import *  # noqa: F403
from ._model import *  # noqa: F403
from ._refs import *  # noqa: F403
from ._refs import _Edges as _Edges
from ._refs import _edges as _edges
from ._refs import _follow as _follow
from ._refs import _lineage_text as _lineage_text
from ._refs import _resolve as _resolve
from ._sphere import *  # noqa: F403
from ._value import *  # noqa: F403
from ._value import _round_trip as _round_trip
from ._worker import *  # noqa: F403

__version__: str
