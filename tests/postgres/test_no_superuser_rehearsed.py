"""``superuser = false`` and a rehearsal: no check runs the trees' code as a superuser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.installation import Installation

CONFIGURATION = """\
superuser = false
reference = "main"
[trees]
main.files = ["deployed.sql", "upgrade/1_more.up.sql"]
deployed.files = ["deployed.sql"]
[rehearsal]
from = "deployed"
steps = "upgrade"
to = "main"
"""
DEPLOYED = """\
CREATE FUNCTION program(what text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('CO' || 'PY (SELECT 1) TO PRO' || 'GRAM %L', 'cat > {directory}/' || what);
    END IF;
    RETURN 1;
END $$;
CREATE FUNCTION folded(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN RETURN public.program(what); END$$;
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM program('trigger'); RETURN NEW; END$$;
CREATE TYPE place AS (x int);
CREATE FUNCTION shown(place) RETURNS text LANGUAGE plpgsql AS
    $$BEGIN PERFORM public.program('cast'); RETURN $1.x; END$$;
CREATE CAST (place AS text) WITH FUNCTION shown(place);
CREATE TABLE orders (
    id serial PRIMARY KEY, at int DEFAULT program('default'), word text,
    CHECK (program('check') = 1)
);
CREATE TRIGGER fired BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION fired();
CREATE INDEX folded ON orders ((id + folded('index')));
CREATE TABLE held (id int PRIMARY KEY, at place);
CREATE INDEX ON held (id) WHERE id > folded('predicate');
ALTER TABLE held ENABLE ROW LEVEL SECURITY;
ALTER TABLE held FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON held USING (program('policy') = 0) WITH CHECK (true);
CREATE VIEW seen AS SELECT id FROM orders WHERE folded('view') = 1;
CREATE TABLE renamed (id int PRIMARY KEY, at place);
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id;
CREATE FUNCTION pg_terminate_backend(smallint, smallint) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.program('terminate');
    RETURN pg_catalog.pg_terminate_backend($1, $2);
END $$;
CREATE FUNCTION pg_terminate_backend(int, smallint) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.program('terminate');
    RETURN pg_catalog.pg_terminate_backend($1, $2);
END $$;
CREATE FUNCTION setval(text, smallint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.program('setval');
    RETURN pg_catalog.setval($1::regclass, $2);
END $$;
ALTER DATABASE postgres SET search_path = public, pg_catalog;
"""
UP = """\
SET LOCAL lock_timeout = '1s';
ALTER TABLE orders ADD COLUMN more text;
ALTER TABLE renamed RENAME TO other;
CREATE VIEW renamed AS SELECT id, at FROM other WHERE folded('old name') = 1;
"""
DOWN = """\
DROP VIEW renamed;
ALTER TABLE other RENAME TO renamed;
ALTER TABLE orders DROP COLUMN more;
"""


@pytest.fixture
def marks() -> Iterator[Path]:
    """A directory for the files of programs that a superuser ran."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        yield Path(directory)


@pytest.fixture
def parity(installation: Installation, tmp_path: Path, marks: Path) -> Iterator[Parity]:
    """A rehearsal of trees that may not be applied as a superuser, on clusters of its own."""
    (tmp_path / "upgrade").mkdir()
    (tmp_path / "deployed.sql").write_text(DEPLOYED.replace("{directory}", str(marks)))
    (tmp_path / "upgrade/1_more.up.sql").write_text(UP)
    (tmp_path / "upgrade/1_more.down.sql").write_text(DOWN)
    (tmp_path / "schema-parity.toml").write_text(CONFIGURATION)
    config = load_config(tmp_path / "schema-parity.toml")
    assert config is not None
    with ExitStack() as stack:
        parity = open_parity(config, bindir=installation.bindir)
        stack.callback(parity.trees.close)
        yield parity


def test_no_program_is_run(parity: Parity, marks: Path) -> None:
    for check in ("upgrade", "data", "rollback", "locks", "interrupted", "backup"):
        result = parity.result("rehearsal", check)
        assert [each.title for each in result.findings if not each.note] == []
        assert [path.name for path in marks.iterdir()] == [], check
    (skipped,) = parity.result("rehearsal", "backup").findings
    assert (skipped.change, skipped.note) == ("skipped", True)
    assert "superuser = false" in skipped.title
    host = parity.trees["deployed"].target.host
    with psycopg.connect(host.maintenance_conninfo("postgres")) as connection:
        connection.execute("SELECT public.program('superuser')")
    assert [path.name for path in marks.iterdir()] == ["superuser"]
