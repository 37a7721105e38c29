"""``[tool.pytest-schema-parity]``: found, read, checked whole, and turned into frozen values."""

from pytest_schema_parity.config.load import (
    OWN_FILE,
    configurations_below,
    find_config,
    load_config,
)
from pytest_schema_parity.config.model import NAME, Config, TreeConfig
from pytest_schema_parity.config.rehearsal import RehearsalConfig

__all__ = [
    "NAME",
    "OWN_FILE",
    "Config",
    "RehearsalConfig",
    "TreeConfig",
    "configurations_below",
    "find_config",
    "load_config",
]
