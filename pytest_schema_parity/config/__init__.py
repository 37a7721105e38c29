"""The configuration ``[tool.pytest-schema-parity]``: find its file, read and check it."""

from pytest_schema_parity.config.known_values import KnownValues
from pytest_schema_parity.config.load import (
    OWN_FILE,
    configurations_below,
    find_config,
    load_config,
)
from pytest_schema_parity.config.model import TABLE_NAME, Config, RehearsalConfig, TreeConfig

__all__ = [
    "OWN_FILE",
    "TABLE_NAME",
    "Config",
    "KnownValues",
    "RehearsalConfig",
    "TreeConfig",
    "configurations_below",
    "find_config",
    "load_config",
]
