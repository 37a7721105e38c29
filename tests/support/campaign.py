"""Parameters that are tried by ``pytest -m campaign`` alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def in_campaign(parameters: Iterable[Any]) -> list[ParameterSet]:
    """These parameters of a test, a tuple for several at once, marked."""
    return [
        pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.campaign)
        for each in parameters
    ]
