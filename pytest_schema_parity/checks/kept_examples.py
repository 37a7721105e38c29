"""Store counterexamples between runs, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from pytest_schema_parity.behavior.statements.counterexample import Counterexample, Known
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement

KeptEntry: TypeAlias = dict[str, object]
STATEMENT_KINDS = frozenset({"insert", "update", "delete", "truncate", "role", "call", "other"})


def encode_examples(found: Iterable[Counterexample]) -> list[KeptEntry]:
    """Counterexamples as values that JSON can hold."""
    return [
        {
            "subject": each.subject,
            "statements": [_encode_statement(part) for part in each.parts],
            "examples": each.examples,
        }
        for each in found
    ]


def decode_examples(kept: object) -> Iterator[Known]:
    """The examples that an earlier run stored as JSON; entries of another form are ignored."""
    for entry in kept if isinstance(kept, list) else ():
        try:
            parts = tuple(map(_decode_statement, entry["statements"]))
            known = Known(str(entry["subject"]), parts, int(entry["examples"]))
        except (KeyError, TypeError, ValueError):
            continue
        if parts:
            yield known


def _encode_statement(part: GeneratedStatement) -> KeptEntry:
    return {
        "kind": part.kind,
        "table": part.table,
        "values": [list(pair) for pair in part.values],
        "where": [list(pair) for pair in part.where],
        "suffix": part.suffix,
        "overriding": part.overriding,
        "text": part.text,
        "along": [_encode_statement(each) for each in part.along],
    }


def _decode_statement(entry: Mapping[str, object]) -> GeneratedStatement:
    """Read a statement; raises KeyError, TypeError or ValueError if the entry is not one."""
    if entry["kind"] not in STATEMENT_KINDS:
        raise ValueError(entry["kind"])
    return GeneratedStatement(
        kind=entry["kind"],  # type: ignore[arg-type] # it is one of the kinds
        table=str(entry["table"]),
        values=_decode_pairs(entry["values"]),
        where=_decode_pairs(entry["where"]),
        suffix=str(entry["suffix"]),
        overriding=bool(entry["overriding"]),
        text=str(entry["text"]),
        along=tuple(map(_decode_statement, cast("list[KeptEntry]", entry["along"]))),
    )


def _decode_pairs(values: object) -> tuple[tuple[str, str], ...]:
    return tuple((str(column), str(value)) for column, value in cast("list[list[str]]", values))
