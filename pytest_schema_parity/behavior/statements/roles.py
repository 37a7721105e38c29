"""Roles that statements run as, and the claims of the user who is signed in."""

from __future__ import annotations

import json
import re

import psycopg

from pytest_schema_parity.behavior.statements.example import RESET_ROLE, SET_ROLE
from pytest_schema_parity.behavior.statements.statement import GeneratedStatement, literal


def quoted_role(role: str) -> str:
    """A role's name as SQL writes it."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", role) and role not in ("none", "public", "user"):
        return role
    return '"' + role.replace('"', '""') + '"'


def may_set(connection: psycopg.Connection, role: str) -> bool:
    """Whether a role can be set, and can create what reading as it needs."""
    connection.execute("SAVEPOINT role")
    try:
        connection.execute(
            "DO $$BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC',"
            " current_database()); END$$"
        )
        connection.execute(f"{SET_ROLE}{quoted_role(role)}".encode())
        connection.execute(RESET_ROLE)
    except psycopg.Error:
        connection.execute("ROLLBACK TO SAVEPOINT role; RELEASE SAVEPOINT role")
        return False
    connection.execute("RELEASE SAVEPOINT role")
    return True


def signed_in(table: str, role: str, user: str) -> list[GeneratedStatement]:
    """The statements that set a role, and the claims of a user: none where the id is empty."""
    claims = {"sub": user, "role": role} if user else {"role": role}
    settings = {"request.jwt.claims": json.dumps(claims), "request.jwt.claim.sub": user}
    return [
        GeneratedStatement(kind="role", table=table, text=f"{SET_ROLE}{quoted_role(role)}"),
        *(
            GeneratedStatement(
                kind="other",
                table=table,
                text=f"SELECT set_config({literal(name)}, {literal(value)}, false)",
            )
            for name, value in settings.items()
            if value
        ),
    ]


def signed_out(table: str) -> GeneratedStatement:
    """The statement after which the superuser is back."""
    return GeneratedStatement(kind="role", table=table, text=RESET_ROLE)


def without_role(statements: tuple[GeneratedStatement, ...]) -> tuple[GeneratedStatement, ...]:
    """The same statements, all run by the superuser."""
    return tuple(each for each in statements if each.kind != "role")
