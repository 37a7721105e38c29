"""A small project with a rehearsal, on databases of a server that runs already."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.postgres.cluster import Cluster

DEPLOYED = """
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL DEFAULT '', name text);
CREATE TABLE submissions (
    id serial PRIMARY KEY, user_id int REFERENCES users, status text NOT NULL DEFAULT 'PENDING'
);
CREATE INDEX submissions_status ON submissions (status);
CREATE TABLE log (line text);
CREATE VIEW summary AS SELECT user_id, count(*) AS n FROM submissions GROUP BY user_id;
"""
UPGRADED = """
ALTER TABLE users ADD COLUMN contact text;
CREATE UNIQUE INDEX users_contact ON users (contact);
CREATE TABLE attachments (
    id int PRIMARY KEY, submission_id int NOT NULL REFERENCES submissions, path text NOT NULL
);
ALTER TABLE submissions ADD CONSTRAINT known CHECK (status IN ('PENDING', 'APPROVED'));
CREATE OR REPLACE VIEW summary AS
SELECT user_id, count(*) AS n, max(id) AS latest FROM submissions GROUP BY user_id;
"""
SEED = """
INSERT INTO users VALUES (1, 'ada@example.org', 'Ada'), (2, 'bob@example.org', NULL);
INSERT INTO submissions (user_id, status) VALUES (1, 'PENDING'), (1, 'APPROVED'), (2, 'PENDING');
INSERT INTO log VALUES ('a'), ('a'), (NULL);
"""
TIMEOUT = "SET LOCAL lock_timeout = '1s';\n"
FILES = {
    "deployed.sql": DEPLOYED,
    "main.sql": DEPLOYED + UPGRADED,
    "seed.sql": SEED,
    "upgrade/1_contact.up.sql": TIMEOUT
    + "ALTER TABLE users ADD COLUMN IF NOT EXISTS contact text;\n"
    "CREATE UNIQUE INDEX IF NOT EXISTS users_contact ON users (contact);\n",
    "upgrade/1_contact.down.sql": "ALTER TABLE users DROP COLUMN IF EXISTS contact;\n",
    "upgrade/2_attachments.up.sql": f"{TIMEOUT}CREATE TABLE IF NOT EXISTS attachments (\n"
    "    id int PRIMARY KEY, submission_id int NOT NULL REFERENCES submissions,\n"
    "    path text NOT NULL\n);\n",
    "upgrade/2_attachments.down.sql": "DROP TABLE IF EXISTS attachments;\n",
    "upgrade/3_rules.up.sql": f"{TIMEOUT}ALTER TABLE submissions DROP CONSTRAINT IF EXISTS known;\n"
    "ALTER TABLE submissions ADD CONSTRAINT known CHECK (status IN ('PENDING', 'APPROVED'));\n"
    "CREATE OR REPLACE VIEW summary AS\n"
    "SELECT user_id, count(*) AS n, max(id) AS latest FROM submissions GROUP BY user_id;\n",
    "upgrade/3_rules.down.sql": "DROP VIEW IF EXISTS summary;\n"
    "CREATE VIEW summary AS SELECT user_id, count(*) AS n FROM submissions GROUP BY user_id;\n"
    "ALTER TABLE submissions DROP CONSTRAINT IF EXISTS known;\n",
}
DEPLOYED_ONLY: dict[str, str | None] = {
    "deployed.sql": DEPLOYED,
    "main.sql": DEPLOYED,
    "seed.sql": SEED,
}
"""For steps of the test's own, which then come first."""
CONFIGURATION = """
reference = "main"
server = "lent"
[trees]
main.files = ["main.sql"]
deployed.files = ["deployed.sql"]
[rehearsal]
from = "deployed"
steps = "upgrade"
to = "main"
seed = "seed.sql"
no_rewrite = true
"""


def open_on(
    cluster: Cluster,
    root: Path,
    files: dict[str, str | None],
    configuration: str = CONFIGURATION,
) -> Parity:
    """The rehearsal of these files, on databases of a server that runs already."""
    (root / "upgrade").mkdir()
    for name, text in files.items():
        if text is not None:
            (root / name).write_text(text)
    (root / "schema-parity.toml").write_text(configuration)
    config = load_config(root / "schema-parity.toml")
    assert config
    parity = open_parity(config)
    external = parity.trees.external
    assert external
    external.take(
        SimpleNamespace(
            host=cluster.host,
            port=cluster.port,
            user=cluster.superuser,
            password="",
            options="",
            dbname="",
        )
    )
    return parity


def results_of(
    cluster: Cluster,
    root: Path,
    files: dict[str, str | None],
    *checks: str,
    configuration: str = CONFIGURATION,
) -> list[Result]:
    """The results of some checks of the rehearsal of these files."""
    parity = open_on(cluster, root, files, configuration)
    try:
        return [parity.result("rehearsal", check) for check in checks]
    finally:
        parity.trees.close()
