#!/bin/bash
# What a user does without the plugin: two databases, both trees, two dumps, one diff.
# without_us.sh BINDIR WORKDIR REFERENCE CANDIDATE [PLATFORM.sql ...]
# Runs the server as $RUN_AS (a command prefix such as "setpriv --reuid=nobody ..."), if set;
# $SERVER_OPTIONS go to the server. The platform's scripts run as $SUPERUSER, the trees as $ROLE.
# What goes wrong is in WORKDIR/errors.
set -u
bin=$1 work=$2 reference=$3 candidate=$4
shift 4
export PGHOST=$work PGUSER=$SUPERUSER PGDATABASE=postgres

${RUN_AS:-} "$bin/initdb" -D "$work/data" -U "$SUPERUSER" -A trust -E UTF8 --no-sync >/dev/null || exit 1
${RUN_AS:-} "$bin/pg_ctl" -D "$work/data" -w -l "$work/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$work' ${SERVER_OPTIONS:-}" \
    start >/dev/null || exit 1
trap '${RUN_AS:-} "$bin/pg_ctl" -D "$work/data" -m fast stop >/dev/null' EXIT

number=0
for tree in "$reference" "$candidate"; do
    database=db_$((++number))
    "$bin/createdb" "$database" || exit 1
    for file in "$@"; do
        "$bin/psql" -qXd "$database" -f "$file" >/dev/null 2>>"$work/errors"
    done
    for file in $(find "$tree" -name '*.sql' | sort); do
        "$bin/psql" -qXd "$database" -U "$ROLE" -1 -f "$file" >/dev/null 2>>"$work/errors"
    done
    "$bin/pg_dump" -s "$database" >"$work/$database.sql" || exit 1
done
diff "$work/db_1.sql" "$work/db_2.sql" >"$work/diff"
exit 0
