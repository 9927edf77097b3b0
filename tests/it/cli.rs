//! The command line: what it prints, what it makes, and what it refuses in one line.

use crate::support::database::TestDatabase;
use crate::support::program::{Program, call, command, print, tenant};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};
use std::fs::read_to_string;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

/// The one line of a refusal, which tells no secret and shows no insides.
#[track_caller]
fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said:?}");
    assert!(!said.contains("secret") && !said.contains("panicked") && !said.contains("backtrace"), "{said:?}");
    said.trim_end().to_owned()
}

/// The names of the commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Lines that go on from the one before are indented deeper.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).filter(|name| name != "help").collect()
}

#[test]
fn every_command_explains_itself() {
    let mut seen = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let output = command(&arguments).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && help.contains("Usage: perennial"), "{path:?}: {help}");
        open.extend(commands(&help).into_iter().map(|name| [path.clone(), vec![name]].concat()));
        seen.push(path.join(" "));
    }
    for expected in ["serve", "demo", "migrate", "schema", "tenant create", "key create", "key list", "key revoke"] {
        assert!(seen.iter().any(|path| path == expected), "{expected} is not in the help: {seen:?}");
    }
}

#[test]
fn schema_prints_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(print("", &["schema"]), read_to_string(root.join("schema.graphql")).unwrap());
}

on_both! {
    a_new_database_gets_its_tables_from_whichever_command_comes_first(database) {
        let printed = print(&database.url, &["tenant", "create", "Lease & Co", "--json"]);
        assert_eq!(printed.lines().count(), 1, "{printed}");
        let made: Value = serde_json::from_str(&printed).unwrap();
        let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["apiKey", "tenantId"]);
        assert_eq!(database.texts("SELECT name AS line FROM tenants"), ["Lease & Co"]);
        assert_eq!(print(&database.url, &["migrate"]), "The tables are up to date already.\n");
    }

    a_tenant_is_live_unless_it_is_made_for_trying_out(database) {
        print(&database.url, &["tenant", "create", "Lease & Co"]);
        print(&database.url, &["tenant", "create", "--test", "Sandbox"]);
        let printed = print(&database.url, &["tenant", "create", "Another", "--test", "--json"]);
        let made: Value = serde_json::from_str(&printed).unwrap();
        assert!(made["apiKey"].is_string() && made["tenantId"].is_string(), "{made}");
        let modes = database.texts("SELECT name || ' ' || mode AS line FROM tenants ORDER BY name");
        assert_eq!(modes, ["Another TEST", "Lease & Co LIVE", "Sandbox TEST"]);
    }

    serving_a_new_database_makes_its_tables(database) {
        let program = Program::serve(&database.url);
        assert_eq!((program.get("/healthz").status, program.get("/readyz").status), (200, 200));
        let (tenant_id, key) = tenant(&database.url);
        let answer = program.send(&key, None, "{ tenant { id name } }", &json!({})).unwrap();
        assert_eq!(answer.json()["data"]["tenant"], json!({"id": tenant_id, "name": "Acme"}));
    }

    programs_that_start_at_once_on_a_new_database_all_serve(database) {
        let started = crate::support::together::together(3, |_| Program::try_serve(&database.url, &[]));
        for program in started {
            assert_eq!(program.unwrap().get("/readyz").status, 200);
        }
    }

    a_revoked_key_opens_nothing(database) {
        let (tenant_id, _) = tenant(&database.url);
        let printed = print(&database.url, &["key", "create", "till", "--tenant", &tenant_id, "--scope", "read", "--json"]);
        let made: Value = serde_json::from_str(&printed).unwrap();
        let (key_id, key) = (made["keyId"].as_str().unwrap(), made["apiKey"].as_str().unwrap());
        let program = Program::serve(&database.url);
        let ask = || program.send(key, None, "{ viewer { keyName scope } }", &json!({})).unwrap();
        assert_eq!(ask().json()["data"]["viewer"], json!({"keyName": "till", "scope": "READ"}));

        let listed = print(&database.url, &["key", "list", "--tenant", &tenant_id]);
        assert_eq!(listed.lines().count(), 3, "a heading and two keys: {listed}");
        assert!(listed.contains(key_id) && listed.contains("till") && !listed.contains(key), "{listed}");

        print(&database.url, &["key", "revoke", key_id, "--tenant", &tenant_id]);
        assert_eq!(ask().status, 401);
        let again = refusal(&call(&database.url, &["key", "revoke", key_id, "--tenant", &tenant_id]));
        assert!(again.contains(key_id), "{again}");
    }

    tables_of_a_newer_program_are_left_alone(database) {
        print(&database.url, &["migrate"]);
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')";
        database.open().execute_batch(newer).unwrap();
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["serve", "--migrate"], &["migrate"], &["tenant", "create", "A"]] {
            let said = refusal(&call(&database.url, arguments));
            assert!(said.contains("newer than this binary (99991231000000)"), "{said}");
        }
    }

    older_tables_are_brought_up_to_date_only_on_request(database) {
        print(&database.url, &["migrate"]);
        undo_newest_migration(database);
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["tenant", "create", "A"]] {
            let said = refusal(&call(&database.url, arguments));
            assert!(said.contains("older than this binary: run `perennial migrate`"), "{said}");
        }
        let program = Program::try_serve(&database.url, &["--migrate"]).unwrap();
        assert_eq!(program.get("/readyz").status, 200);
        undo_newest_migration(database);
        assert_eq!(print(&database.url, &["migrate"]).lines().count(), 1);
        assert_eq!(print(&database.url, &["migrate"]), "The tables are up to date already.\n");
    }

    a_port_that_is_taken_is_named(database) {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let said = refusal(&call(&database.url, &["serve", "--listen", &address.to_string()]));
        assert!(said.contains(&format!("port {} of 127.0.0.1 is taken", address.port())), "{said}");
        // An address of nobody: 192.0.2.0/24 is for documentation.
        let said = refusal(&call(&database.url, &["serve", "--listen", "192.0.2.1:8080"]));
        assert!(said.contains("cannot listen on 192.0.2.1:8080"), "{said}");
    }
}

/// Makes the tables those of the program before this one.
fn undo_newest_migration(database: &TestDatabase) {
    let folder = match database.backend {
        Backend::Sqlite => "migrations/sqlite",
        Backend::Postgres => "migrations/postgres",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut migrations: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.sort();
    let db = database.open();
    db.execute_batch(&read_to_string(migrations.pop().unwrap().join("down.sql")).unwrap()).unwrap();
    let newest = "(SELECT max(version) FROM __diesel_schema_migrations)";
    db.execute_batch(&format!("DELETE FROM __diesel_schema_migrations WHERE version = {newest}")).unwrap();
}

#[test]
fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    for (url, reason) in [
        ("mysql://me:secret@db/x", "must begin with sqlite:// or postgres://"),
        ("sqlite://", "names no file"),
        ("sqlite:///nowhere/at/all.db", "cannot open sqlite:///nowhere/at/all.db"),
        ("postgres://me:secret@127.0.0.1:1/shop", "cannot open postgres://me@127.0.0.1:1/shop: "),
        ("postgres://me:secret@host.invalid/shop", "cannot open postgres://me@host.invalid/shop: "),
        ("postgres://127.0.0.1:1/shop?user=me&password=secret", "cannot open postgres://127.0.0.1:1/shop: "),
        // Libpq quotes what it cannot read.
        ("postgres://me:secret%zz@127.0.0.1:1/shop", "percent-encoded"),
        ("postgres://me:secret@[::1/shop", "IPv6"),
        ("postgres://127.0.0.1:1/shop?password=secret%zz", "percent-encoded"),
        ("postgres://127.0.0.1:1/shop?password=secret=secret", "separator"),
        ("postgres://127.0.0.1:1/shop?secret", "separator"),
        // A password with a sign that should have been escaped.
        ("postgres://me:sec/secret@127.0.0.1:1/shop", "cannot open postgres://me@127.0.0.1:1/shop: "),
        ("postgres://me:secret/x@127.0.0.1:1/shop", "cannot open postgres://me@127.0.0.1:1/shop: "),
        ("postgres://me:sec?secret@127.0.0.1:1/shop", "cannot open "),
        ("postgres://me:secret/shop", "cannot open "),
    ] {
        let said = refusal(&call(url, &["migrate"]));
        assert!(said.contains(reason), "{url}: {said}");
    }
}

#[test]
fn an_address_that_is_none_is_explained() {
    let output = call("sqlite://never.db", &["serve", "--listen", "8080"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.starts_with("error: ") && said.contains("such as 0.0.0.0:8080"), "{said}");
}

#[test]
fn a_public_url_that_is_none_is_explained() {
    let never = "sqlite://never.db";
    let flag = call(never, &["serve", "--public-url", "billing.example.com"]);
    let variable = command(&["demo"]).env("PERENNIAL_PUBLIC_URL", "billing.example.com").output().unwrap();
    for output in [flag, variable] {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(said.starts_with("error: ") && said.contains("such as https://billing.example.com"), "{said}");
    }
}

/// A server of PostgreSQL's protocol that knows no TLS says so with one byte.
#[test]
fn a_server_without_tls_is_refused_where_tls_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read_exact(&mut [0; 8]);
            let _ = connection.write_all(b"N");
        }
    });
    let said = refusal(&call(&format!("postgres://me:secret@{address}/shop?sslmode=require"), &["migrate"]));
    assert!(said.contains("does not support SSL"), "{said}");
}
