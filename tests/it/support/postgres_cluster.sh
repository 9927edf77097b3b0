# Runs a PostgreSQL for one test process: tests/support/postgres.rs starts this and holds its standard input open.
# Arguments: the folder of PostgreSQL's programs, the folder to make its own folder in.
# Answers "ready FOLDER" where the server listens, or says what went wrong. Lives until standard input closes, which
# it does whichever way the test process ends, and leaves nothing behind.
set -u
binaries=$1
# A pipe that is closed because the test process is gone must not keep this from tidying up.
trap '' HUP INT TERM PIPE

folder=$(mktemp -d "$2/perennial-test.XXXXXX") || exit 1

tidy_up() {
    if [ -e "$folder/data/postmaster.pid" ]; then
        "$binaries/pg_ctl" stop --pgdata="$folder/data" --mode=immediate --wait >>"$folder/log" 2>&1
    fi
    rm -rf "$folder"
}
trap tidy_up EXIT

fail() {
    echo "$1"
    cat "$folder/log"
    exit 1
}

# The C locale is everywhere. The data may be lost at any time, so nothing is synced to the disk.
"$binaries/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
    >"$folder/log" 2>&1 || fail 'initdb failed:'

# Only a socket in a folder that is closed to others: nobody else can connect, so no password is needed.
cat >>"$folder/data/postgresql.conf" <<END
port = 5432
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
END
"$binaries/pg_ctl" start --pgdata="$folder/data" --log="$folder/server.log" --wait --timeout=60 \
    >>"$folder/log" 2>&1 || { cat "$folder/server.log" >>"$folder/log"; fail 'the server did not start:'; }

echo "ready $folder"
# Whoever waits for the end of the test process's output is not to wait for this.
exec >/dev/null 2>&1
cat >/dev/null
