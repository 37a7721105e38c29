"""The message about conditions for which no values were found."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final

from pytest_schema_parity.behavior.statements.solver import Component

HYPOTHESIS: Final = 'pip install "pytest-schema-parity[hypothesis]"'
"""Installs Hypothesis, which finds texts that match regular expressions."""


REGEX_SYNTAX: Final = re.compile(
    r"(?<![~!<>=@#%^&|?+*/-])!?~\*?(?![~=<>])|\bregexp_|\bsimilar_to_", re.I
)
"""The operators and functions of regular expressions."""


def unsolved_message(component: Component) -> str:
    """The message that no values were found for the conditions of a component, with a remedy."""
    expressions = dict.fromkeys(check.expression for check, _ in component.checks)
    conditions = " and ".join(f"CHECK ({_without_outer_parentheses(each)})" for each in expressions)
    message = f"no value was found for {conditions}"
    if any(map(REGEX_SYNTAX.search, expressions)) and find_spec("hypothesis") is None:
        message += f"; for regular expressions: {HYPOTHESIS}"
    return message


def _without_outer_parentheses(expression: str) -> str:
    """An expression without the parentheses that enclose all of it."""
    depth = 0
    for at, sign in enumerate(expression):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and at < len(expression) - 1:
            return expression
    return expression[1:-1]
