"""Group the columns that foreign keys join."""

from __future__ import annotations

from pytest_schema_parity.behavior.statements.model import Model


def joined_columns(model: Model) -> dict[tuple[str, str], str]:
    """Map each column that foreign keys join with others to one name for all of these."""
    leader: dict[tuple[str, str], tuple[str, str]] = {}

    def representative(column: tuple[str, str]) -> tuple[str, str]:
        """The first column of the group of a column."""
        while leader.get(column, column) != column:
            column = leader[column]
        return column

    for table in model.tables.values():
        for key in table.foreign_keys:
            for name, referenced in zip(key.columns, key.referenced, strict=True):
                one, other = sorted(
                    (representative((table.name, name)), representative((key.target, referenced)))
                )
                leader[other] = one
                leader.setdefault(one, one)
    return {column: ".".join(representative(column)) for column in leader}
