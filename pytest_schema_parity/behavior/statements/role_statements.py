"""Write the statements that set a role and the claims of the user who is signed in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import takewhile
from typing import Final

import psycopg

from pytest_schema_parity.behavior.statements.example import RESET_ROLE, SET_ROLE
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement, literal

CLAIMS: Final = "request.jwt.claims"
SUB: Final = "request.jwt.claim.sub"
SIGNED_OUT: Final = f"RESET {CLAIMS}; RESET {SUB};"
"""Resets the claims in a session into which an example was pasted."""
RESERVED_WORDS: Final = """
    all analyse analyze and any array as asc asymmetric both case cast check collate
    column constraint create current_catalog current_date current_role current_time
    current_timestamp current_user default deferrable desc distinct do else end except
    false fetch for foreign from grant group having in initially intersect into lateral
    leading limit localtime localtimestamp not null offset on only or order placing
    primary public references returning select session_user some symmetric system_user
    table then to trailing true union unique user using variadic when where window with
    none
"""
"""Key words that must be quoted as the name of a role (appendix C of PostgreSQL's manual)."""


def quoted_role(role: str) -> str:
    """A role's name as SQL writes it."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", role) and role not in RESERVED_WORDS.split():
        return role
    return '"' + role.replace('"', '""') + '"'


def may_set(connection: psycopg.Connection, role: str) -> bool:
    """Whether SET ROLE works; grants TEMPORARY, so that the role can use pg_temp."""
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
    """The statements that set a role and the claims of a user; without ``sub`` if the id is empty.

    Both settings are always set: one that was rolled back is empty, not NULL, so an example would
    depend on those before it.
    """
    claims = {"sub": user, "role": role} if user else {"role": role}
    settings = {CLAIMS: json.dumps(claims), SUB: user}
    calls = [f"set_config({literal(n)}, {literal(v)}, false)" for n, v in settings.items()]
    texts = f"{SET_ROLE}{quoted_role(role)}", f"SELECT {', '.join(calls)}"
    return [GeneratedStatement(kind="role", table=table, text=text) for text in texts]


def nobody_signed_in(statement: GeneratedStatement) -> GeneratedStatement:
    """The statement without the id of a user, if it sets claims."""
    if statement.kind != "role" or CLAIMS not in statement.text:
        return statement
    text = re.sub(r'"sub": "[^"]*", ', "", statement.text)
    text = re.sub(rf"('{re.escape(SUB)}', )'[^']+'", r"\1''", text)
    return replace(statement, text=text)


def signed_out(table: str) -> GeneratedStatement:
    """The statement that resets the role to the superuser."""
    return GeneratedStatement(kind="role", table=table, text=RESET_ROLE)


def without_role(statements: tuple[GeneratedStatement, ...]) -> tuple[GeneratedStatement, ...]:
    """The same statements with the same claims, all run by the superuser."""
    return tuple(each for each in statements if not _sets_role(each))


def before_role(statements: tuple[GeneratedStatement, ...]) -> tuple[GeneratedStatement, ...]:
    """The statements that run before a role is set."""
    return tuple(takewhile(lambda each: not _sets_role(each), statements))


def _sets_role(statement: GeneratedStatement) -> bool:
    return statement.kind == "role" and statement.text.startswith((SET_ROLE, RESET_ROLE))
