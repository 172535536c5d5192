"""The vectors of digests, computed again from the specification."""

from __future__ import annotations

import json

import digests
import pytest

CASES = json.loads(digests.VECTORS.read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_vector_is_what_the_specification_gives(case: dict[str, object]) -> None:
    assert digests.digest(case["tree"]).hex() == case["digest"]


def test_an_array_of_three_blocks() -> None:
    """The same value is in the tests of the JSON format."""
    assert (
        digests.digest(digests.three_blocks()).hex()
        == "5f9991fcfafd25be8f74ef86074d15e0a9cd8a3f248362444e1a951897297e95"
    )


def test_batches_do_not_count() -> None:
    by_name = {case["name"]: case["digest"] for case in CASES}
    assert by_name["table"] == by_name["table of two batches"]
    assert len(set(by_name.values())) == len(by_name) - 1
