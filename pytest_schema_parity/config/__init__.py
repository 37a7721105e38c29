"""``[tool.pytest-schema-parity]``: found, read, checked whole, and turned into frozen values."""

from pytest_schema_parity.config.load import (
    OWN_FILE,
    configurations_below,
    find_config,
    load_config,
)
from pytest_schema_parity.config.model import TABLE_NAME, Config, TreeConfig

__all__ = [
    "OWN_FILE",
    "TABLE_NAME",
    "Config",
    "TreeConfig",
    "configurations_below",
    "find_config",
    "load_config",
]
