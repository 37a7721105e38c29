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


def one_in(number: int, parameters: Iterable[Any]) -> list[Any]:
    """The first of each ``number`` parameters by default, the others marked."""
    return [
        each if at % number == 0 else in_campaign([each])[0] for at, each in enumerate(parameters)
    ]
