"""Say for which conditions no values were found."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final

from pytest_schema_parity.behavior.statements.solver import Component

HYPOTHESIS: Final = 'pip install "pytest-schema-parity[hypothesis]"'
"""What brings Hypothesis, which finds texts that match regular expressions."""


PATTERN: Final = re.compile(
    r"(?<![~!<>=@#%^&|?+*/-])!?~\*?(?![~=<>])|\bregexp_|\bsimilar_to_", re.I
)
"""The operators and functions of regular expressions."""


def unsolved(component: Component) -> str:
    """That no values were found for the conditions of some columns, and what may help."""
    expressions = dict.fromkeys(check.expression for check, _ in component.checks)
    conditions = " and ".join(f"CHECK ({_bare(each)})" for each in expressions)
    told = f"no value was found for {conditions}"
    if any(map(PATTERN.search, expressions)) and find_spec("hypothesis") is None:
        told += f"; for regular expressions: {HYPOTHESIS}"
    return told


def _bare(expression: str) -> str:
    """An expression without the parentheses that enclose all of it."""
    depth = 0
    for at, sign in enumerate(expression):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and at < len(expression) - 1:
            return expression
    return expression[1:-1]
