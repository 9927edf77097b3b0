# Drops the databases of one test process from a server that is not ours, once that process is gone: it holds standard
# input open. Arguments: psql, the URL, what the databases' names begin with.
set -u
trap '' HUP INT TERM PIPE
cat >/dev/null
"$1" --no-psqlrc --quiet --dbname="$2" --set=prefix="$3" <<'END'
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname)
FROM pg_database WHERE starts_with(datname, :'prefix')
\gexec
END
