"""Read values from a TOML table, checked; mistakes are collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal, TypeVar

from pytest_schema_parity.config.locator import KeyPath
from pytest_schema_parity.config.mistakes import Mistakes
from pytest_schema_parity.showing import did_you_mean

MOST_EXAMPLES: Final = 100_000_000

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table of the configuration: its values, its path in the file, and its header."""

    values: Mapping[str, object]
    path: KeyPath
    header: str
    mistakes: Mistakes

    def refuse(self, key: str | KeyPath | None, remedy: str) -> None:
        """Add a mistake in the value of a key, in an element of it, or in the table as a whole."""
        keys = () if key is None else (key,) if isinstance(key, str) else key
        path = (*self.path, *keys)
        shown = " ".join(part for part in (self.header, *map(str, keys[:1])) if part)
        self.mistakes.add(path, shown or "the file", remedy)

    def refuse_unknown_keys(self, *keys: str) -> None:
        """Add a mistake for every key that is not one of ``keys``."""
        for key in self.values.keys() - set(keys):
            self.refuse(key, f"unknown key; {did_you_mean(key, keys)}")

    def text(self, key: str, *, required: bool = False) -> str | None:
        """The value of a key as a string that is not blank; None if it is absent or refused."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(key, f'{type_in_words(value)} instead of a string: {key} = "…"')
        elif not value.strip():
            self.refuse(key, f"is empty; fill it{'' if required else ', or leave the key out'}")
        elif "\0" in value:
            self.refuse(key, "contains a NUL character")
        else:
            return value
        return None

    def texts(self, key: str, *, single: bool = False) -> tuple[str, ...] | None:
        """The value of a key as a list of strings, not empty; ``single`` allows one string, too."""
        value = self.values.get(key)
        if value is None:
            return None
        if single and isinstance(value, str):
            text = self.text(key)
            return (text,) if text else None
        if not isinstance(value, list):
            self.refuse(key, f'{type_in_words(value)} instead of a list: {key} = ["…"]')
        elif not value:
            self.refuse(key, "is an empty list; fill it, or leave the key out")
        elif not all(isinstance(item, str) and item.strip() and "\0" not in item for item in value):
            self.refuse(key, f'may hold only strings that are not empty: {key} = ["…"]')
        else:
            return tuple(value)
        return None

    def whole(self, key: str, default: int, most: int) -> int:
        """The value of a key as a whole number from 0 to the greatest that is allowed."""
        number = whole_number(self.values.get(key, default), most)
        if number is None:
            self.refuse(key, f"has to be a whole number from 0 to {most}: {key} = {default}")
            return default
        return number

    def flag(self, key: str, default: bool) -> bool:
        """The value of a key as a boolean; the default if it is absent or refused."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, f"{type_in_words(value)} instead of true or false: {key} = false")
            return default
        return value

    def choice(self, key: str, known: Iterable[Choice]) -> Choice | None:
        """The value of a key as one of the known names; None if it is absent or refused."""
        value = self.text(key)
        return None if value is None else self.one_of(key, value, known)

    def one_of(self, key: str, value: str, known: Iterable[Choice]) -> Choice | None:
        """``value`` as one of the known names; else None, and a mistake is added."""
        names = list(known)
        for name in names:
            if value == name:
                return name
        self.refuse(key, f'"{value}" is unknown; {did_you_mean(value, names)}')
        return None

    def subtables(self, key: str, *, form: Literal["table", "tables"]) -> list[TomlTable]:
        """The tables under a key: the values of a table of tables, or the elements of an array."""
        value = self.values.get(key)
        dotted = ".".join(part for part in (self.header.strip("[]"), key) if part)
        header = f"[{dotted}.NAME]" if form == "table" else f"[[{dotted}]]"
        items: Iterable[tuple[str | int, object]]
        if form == "table" and isinstance(value, dict):
            items = value.items()
        elif form == "tables" and isinstance(value, list):
            items = enumerate(value)
        else:
            if value is not None:
                self.refuse(key, f"{type_in_words(value)} instead of tables: write {header}")
            return []
        found = []
        for name, item in items:
            own = header.replace("NAME", str(name))
            table = TomlTable({}, (*self.path, key, name), own, self.mistakes)
            if isinstance(item, dict):
                found.append(TomlTable(item, table.path, own, self.mistakes))
            else:
                table.refuse(None, f"{type_in_words(item)} instead of a table: write {own}")
        return found


def header_for(table: TomlTable, key: str) -> str:
    """The header of a table to add to the configuration."""
    return f"[{'.'.join(part for part in (table.header.strip('[]'), key) if part)}]"


def type_in_words(value: object) -> str:
    """The type of a TOML value in words, as in "a string"."""
    names: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "a string"),
        (list, "a list"),
        (dict, "a table"),
        ((date, datetime, time), "a date or time"),
    ]
    return next((name for kind, name in names if isinstance(value, kind)), repr(value))


def whole_number(value: object, most: int) -> int | None:
    """A whole number from 0 to the greatest that is allowed; None if it is not one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and 0 <= value <= most else None
