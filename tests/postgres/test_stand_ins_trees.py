"""Trees that use extensions of Supabase, as ``supabase db pull`` and people write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.installation import Installation

EXTENSIONS = """
create extension if not exists "pg_cron" with schema "pg_catalog";

create extension if not exists "http" with schema "extensions";

create extension if not exists "pg_net" with schema "extensions";

create extension if not exists "pg_graphql" with schema "graphql";

create extension if not exists "pg_jsonschema" with schema "extensions";

create extension if not exists "pgcrypto" with schema "extensions";

create extension if not exists "pgjwt" with schema "extensions";

create schema if not exists "pgmq";

create extension if not exists "pgmq" with schema "pgmq";

create extension if not exists "supabase_vault" with schema "vault";

create extension if not exists "uuid-ossp" with schema "extensions";
"""

PULLED = f"""
SET statement_timeout = 0;
SET check_function_bodies = false;
{EXTENSIONS}
create table "public"."orders" (
    "id" uuid not null default extensions.uuid_generate_v4(),
    "details" jsonb,
    "request_id" bigint
);

alter table "public"."orders" enable row level security;

CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id);

alter table "public"."orders" add constraint "orders_pkey" PRIMARY KEY using index "orders_pkey";

alter table "public"."orders" add constraint "orders_details_check"
    CHECK (extensions.jsonb_matches_schema('{{"type": "object"}}'::json, details)) not valid;

set check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.announce()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
begin
  new.request_id = net.http_post(
    url := 'https://example.supabase.co/functions/v1/order',
    headers := jsonb_build_object('Authorization', 'Bearer ' || (
      select decrypted_secret from vault.decrypted_secrets where name = 'key')),
    body := jsonb_build_object('id', new.id)
  );
  return new;
end
$function$
;

create or replace view "public"."secret_names" as
    SELECT name, length(decrypted_secret) AS length FROM vault.decrypted_secrets;

create or replace view "public"."jobs" as
    SELECT jobname, schedule, command, active FROM cron.job;

CREATE TRIGGER announce BEFORE INSERT ON public.orders
    FOR EACH ROW EXECUTE FUNCTION public.announce();

create policy "own" on "public"."orders" to authenticated using (auth.uid() = id);
"""

DONE = """
select vault.create_secret('topsecret', 'key');
select pgmq.create('orders');
select cron.schedule('purge', '0 3 * * *', $$delete from net._http_response$$);
grant usage on schema cron, net to service_role;
comment on extension pg_net is 'Async HTTP';
insert into public.orders (id) values (extensions.uuid_generate_v4());
"""

CONFIGURATION = """
[tool.pytest-schema-parity]
reference = "pulled"
platform = "supabase"
superuser = {superuser}
trees.pulled.files = ["pulled.sql", "done.sql"]
trees.written.files = ["extensions.sql", "written.sql", "done.sql"]
trees.lacking.files = ["postgis.sql", "older.sql"]
trees.drifted.files = ["pulled.sql", "done.sql", "drifted.sql"]
"""


ALLOWED = """
[tool.pytest-schema-parity]
reference = "without"
platform = "supabase"
superuser = {superuser}
trees.without.files = ["without.sql"]
trees.with.files = ["without.sql", "with.sql"]
trees.changed.files = ["without.sql", "with.sql", "changed.sql"]

[[tool.pytest-schema-parity.allow]]
kind = "extension"
change = "extra"
reason = "Jobs and secrets are of that tree only"
"""


@pytest.fixture(scope="module", params=["true", "false"], ids=["superuser", "no superuser"])
def parity(
    request: pytest.FixtureRequest, installation: Installation, tmp_path_factory
) -> Iterator[Parity]:
    """Trees with the same extensions, and one that wants what there is no stand-in for."""
    files = {
        "pulled": PULLED,
        "extensions": EXTENSIONS.replace("if not exists ", "", 3),
        "written": PULLED.replace(EXTENSIONS, ""),
        "done": DONE,
        "postgis": "create table public.a ();\ncreate extension postgis;",
        "older": "create extension pg_net with schema extensions version '0.14.0';",
        "drifted": "drop view public.jobs; drop extension pg_cron; drop extension http;",
    }
    configuration = CONFIGURATION.format(superuser=request.param)
    with opened(installation, tmp_path_factory.mktemp("trees"), files, configuration) as parity:
        yield parity


@pytest.fixture(scope="module", params=["true", "false"], ids=["superuser", "no superuser"])
def superuser(request: pytest.FixtureRequest) -> str:
    """Whether the trees below are built by a superuser, in TOML."""
    return str(request.param)


@pytest.fixture(scope="module")
def allowed(superuser: str, installation: Installation, tmp_path_factory) -> Iterator[Parity]:
    """A tree with extensions that the reference lacks, which are allowed."""
    files = {
        "without": "create table public.a ();",
        "with": "create extension pg_cron;\ncreate extension supabase_vault with schema vault;",
        "changed": """
            grant usage on schema vault to anon;
            grant delete on cron.job_run_details to anon;
        """,
    }
    if superuser == "true":  # else the platform owns the table
        files["changed"] += "create policy added on cron.job using (true);"
        files["changed"] += "alter policy cron_job_run_details_policy on cron.job_run_details"
        files["changed"] += " using (true);"
    configuration = ALLOWED.format(superuser=superuser)
    with opened(installation, tmp_path_factory.mktemp("trees"), files, configuration) as parity:
        yield parity


@contextmanager
def opened(
    installation: Installation, root: Path, files: dict[str, str], configuration: str
) -> Iterator[Parity]:
    """The trees of a configuration, with these files."""
    offered = get_platform("supabase").stand_ins(installation)
    if not {"pg_cron", "pg_net", "supabase_vault", "pg_graphql"} <= set(offered):
        pytest.skip(f"{installation.bindir} includes these extensions, or has no stand-ins")
    for name, text in files.items():
        (root / f"{name}.sql").write_text(text)
    (root / "schema-parity.toml").write_text(configuration)
    config = load_config(root / "schema-parity.toml")
    assert config is not None
    parity = open_parity(config, bindir=Path(installation.bindir))
    yield parity
    parity.trees.close()


def test_a_pulled_file_is_applied(parity: Parity) -> None:
    built = parity.trees["pulled"]
    assert built.applied.failures == ()
    assert built.stand_ins == (
        "http",
        "pg_cron",
        "pg_graphql",
        "pg_jsonschema",
        "pg_net",
        "pgcrypto",
        "pgjwt",
        "pgmq",
        "supabase_vault",
        "uuid-ossp",
    )
    with built.connect() as connection:
        rows = connection.execute("SELECT request_id FROM public.orders").fetchall()
        assert rows == connection.execute("SELECT id FROM net.http_request_queue").fetchall()
        header = "SELECT headers ->> 'Authorization' FROM net.http_request_queue"
        assert connection.execute(header.encode()).fetchall() == [("Bearer topsecret",)]
        assert connection.execute("SELECT * FROM public.jobs").fetchall() == [
            ("purge", "0 3 * * *", "delete from net._http_response", True)
        ]


def test_two_trees_with_the_same_extensions_are_at_parity(parity: Parity) -> None:
    assert parity.trees["written"].applied.failures == ()
    assert list(parity.trees["written"].comparison) == []


def test_an_extension_that_is_dropped_is_a_difference(parity: Parity) -> None:
    comparison = parity.trees["drifted"].comparison
    assert sorted((one.kind, one.name, one.change) for one in comparison) == [
        ("extension", "http", "missing"),
        ("extension", "pg_cron", "missing"),
        ("view", "public.jobs", "missing"),
    ]


def test_an_allowed_extension_brings_what_its_script_makes(allowed: Parity) -> None:
    """The policies of its tables, too, and what it grants on its schema."""
    assert allowed.trees["with"].applied.failures == ()
    assert [str(one) for one in allowed.trees["with"].comparison] == []


def test_an_allowed_extension_does_not_bring_what_the_tree_adds_to_it(
    allowed: Parity, superuser: str
) -> None:
    """Only a superuser may change the tables; without one, a grant shows by whom it is."""
    assert allowed.trees["changed"].applied.failures == ()
    by = "" if superuser == "true" else " BY postgres"
    policies = [
        "extra policy cron.job.added",
        "extra policy cron.job_run_details.cron_job_run_details_policy",
    ]
    assert [str(one) for one in allowed.trees["changed"].comparison] == [
        *(policies if superuser == "true" else ()),
        f"extra privilege ON SCHEMA vault TO anon{by}",
        f"extra privilege ON TABLE cron.job_run_details TO anon{by}",
    ]


def test_an_extension_without_a_stand_in_fails_with_the_remedy(
    parity: Parity, installation: Installation
) -> None:
    if (installation.sharedir / "extension" / "postgis.control").is_file():
        pytest.skip("this server has postgis")
    failure, _ = parity.trees["lacking"].applied.failures
    assert (failure.line, failure.message) == (2, 'extension "postgis" is not available')
    assert failure.hint is not None
    assert "Use a PostgreSQL that has postgis: --schema-parity-bindir=DIR." in failure.hint
    offered = get_platform("supabase").stand_ins(installation)
    assert f"stand-ins for {', '.join(offered)}." in failure.hint


def test_a_version_that_the_stand_in_does_not_have_fails_with_the_remedy(parity: Parity) -> None:
    *_, failure = parity.trees["lacking"].applied.failures
    assert (failure.file, failure.hint) == (
        "older.sql",
        "The stand-in has version 0.19.5: leave VERSION out, or use a PostgreSQL that has"
        " pg_net 0.14.0: --schema-parity-bindir=DIR.",
    )
