"""Platforms: what a hosting provider puts into a database before the first migration."""

from pytest_schema_parity.platforms.platform import PLATFORMS, Platform, get_platform
from pytest_schema_parity.platforms.stand_ins import (
    STAND_INS,
    installed_stand_ins,
    stand_in_version,
)

__all__ = [
    "PLATFORMS",
    "STAND_INS",
    "Platform",
    "get_platform",
    "installed_stand_ins",
    "stand_in_version",
]
