//! The command line: what it prints, what it makes, and what it refuses in one line.

use crate::support::builders::text;
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
    for expected in [
        "serve",
        "demo",
        "migrate",
        "schema",
        "tenant create",
        "key create",
        "key rotate",
        "key list",
        "key revoke",
        "documents add",
    ] {
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

    a_key_has_an_end_and_a_successor(database) {
        let (tenant_id, _) = tenant(&database.url);
        let made = |arguments: &[&str]| {
            let all = [arguments, &["--tenant", &tenant_id, "--json"]].concat();
            let made: Value = serde_json::from_str(&print(&database.url, &all)).unwrap();
            (made["keyId"].as_str().unwrap().to_owned(), made["apiKey"].as_str().unwrap().to_owned())
        };
        let (old_id, old) = made(&["key", "create", "till", "--scope", "read", "--expires", "2035-01-31T00:00:00Z"]);
        let (new_id, new) = made(&["key", "rotate", &old_id, "--overlap", "2"]);
        let program = Program::serve(&database.url);
        let status = |key: &str| program.send(key, None, "{ viewer { keyName } }", &json!({})).unwrap().status;
        assert_eq!((status(&old), status(&new)), (200, 200));
        let listed = print(&database.url, &["key", "list", "--tenant", &tenant_id]);
        let line = |id: &str| listed.lines().find(|line| line.contains(id)).unwrap().to_owned();
        assert!(listed.lines().next().unwrap().contains("EXPIRES (UTC)") , "{listed}");
        // The overlap ends soon, the successor lives as long as was agreed.
        let (old_line, new_line) = (line(&old_id), line(&new_id));
        assert!(old_line.contains(" read ") && !old_line.contains("2035-01-31"), "{listed}");
        assert!(new_line.contains(" read ") && new_line.contains("2035-01-31"), "{listed}");
        let again = refusal(&call(&database.url, &["key", "rotate", &old_id, "--tenant", &tenant_id]));
        assert!(again.contains("has a successor already"), "{again}");
        let (third_id, third) = made(&["key", "rotate", &new_id, "--overlap", "0"]);
        assert_eq!((status(&new), status(&third), third_id == new_id), (401, 200, false));
        for (arguments, said) in [
            (&["key", "create", "late", "--expires", "2020-01-01T00:00:00Z"][..], "expires in the future"),
            (&["key", "rotate", "key_00000000000000000000000000"], "no such API key"),
        ] {
            let refused = refusal(&call(&database.url, &[arguments, &["--tenant", &tenant_id]].concat()));
            assert!(refused.contains(said), "{refused}");
        }
        let operations = "SELECT operation || ' ' || actor AS line FROM audit_records ORDER BY created_at, id";
        let (create, rotate) = ("createApiKey operator", "rotateApiKey operator");
        assert_eq!(database.texts(operations), [create, rotate, rotate]);
    }

    documents_are_registered_for_keys_that_are_kept_to_them(database) {
        let (tenant_id, _) = tenant(&database.url);
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let query = "query Name { tenant { name } }\n";
        let (good, bad) = (file("good.graphql", query), file("bad.graphql", "query {"));
        let said = refusal(&call(&database.url, &["documents", "add", "--tenant", &tenant_id, &good, &bad]));
        assert!(said.contains("bad.graphql: This is not a GraphQL document"), "{said}");
        assert_eq!(database.number("SELECT count(*) FROM trusted_documents"), 0);
        let said = refusal(&call(&database.url, &["documents", "add", "--tenant", &tenant_id, "/nowhere.graphql"]));
        assert!(said.contains("/nowhere.graphql: "), "{said}");
        let printed = print(&database.url, &["documents", "add", "--tenant", &tenant_id, &good]);
        let (sha256, path) = printed.trim_end().split_once("  ").unwrap();
        assert_eq!((sha256.len(), path), (64, good.as_str()));
        assert_eq!(print(&database.url, &["documents", "add", "--tenant", &tenant_id, &good]), printed);

        let create = ["key", "create", "app", "--tenant", &tenant_id, "--trusted-documents-only", "--json"];
        let made: Value = serde_json::from_str(&print(&database.url, &create)).unwrap();
        let key = made["apiKey"].as_str().unwrap();
        let program = Program::serve(&database.url);
        let answer = program.send(key, None, query, &json!({})).unwrap().json();
        assert_eq!(answer, json!({"data": {"tenant": {"name": "Acme"}}}));
        let answer = program.send(key, None, "{ tenant { name } }", &json!({})).unwrap().json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED");
        let listed = print(&database.url, &["key", "list", "--tenant", &tenant_id]);
        assert!(listed.contains("app (trusted documents only)"), "{listed}");
    }

    the_schema_is_told_to_whom_the_server_is_told(database) {
        let (_, key) = tenant(&database.url);
        let schema = "{ __schema { queryType { name } } __typename }";
        let both = "{ __schema { queryType { name } } tenant { name } }";
        let ask = |program: &Program, document: &str| program.send(&key, None, document, &json!({})).unwrap().json();
        let nobody = |program: &Program, document: &str| program.post("/graphql", &json!({"query": document}).to_string());
        let told = json!({"data": {"__schema": {"queryType": {"name": "Query"}}, "__typename": "Query"}});

        let on = Program::serve(&database.url);
        assert_eq!(ask(&on, schema), told);
        assert_eq!((nobody(&on, schema).status, nobody(&on, "{ tenant { name } }").status), (401, 401));

        let off = Program::try_serve(&database.url, &["--introspection", "off"]).unwrap();
        for document in [schema, both, "{ t: __type(name: \"Order\") { name } }"] {
            let answer = ask(&off, document);
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INTROSPECTION_DISABLED", "{answer}");
            assert_eq!(answer.get("data"), None);
        }
        assert_eq!(ask(&off, "{ __typename tenant { name } }")["data"]["tenant"]["name"], "Acme");
        assert_eq!(nobody(&off, schema).status, 401);

        let open = Program::try_serve_with(&database.url, &[], &[("PERENNIAL_INTROSPECTION", "open")]).unwrap();
        assert_eq!(ask(&open, both)["data"]["tenant"]["name"], "Acme");
        let answer = nobody(&open, schema);
        assert_eq!((answer.status, answer.json()), (200, told));
        for document in ["{ tenant { name } }", both, "{", "mutation { __typename }", "{ __schema { queryType { name } } ...A } fragment A on Query { viewer { scope } }"] {
            let answer = nobody(&open, document);
            assert_eq!((answer.status, &answer.json()["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")), "{document}");
        }
        assert_eq!(open.send("prn_unknown", None, schema, &json!({})).unwrap().status, 401, "a wrong key is no none");
    }

    no_log_holds_a_secret(database) {
        let (_, key) = tenant(&database.url);
        let mut program = Program::try_serve(&database.url, &["--log", "trace"]).unwrap();
        let run = |key: &str, document: &str, variables: Value| {
            program.send(key, Some(&variables.to_string().replace(' ', "")), document, &variables).unwrap().json()
        };
        let made = run(&key, "mutation ($n: String!) { createApiKey(input: {name: $n, scope: ADMIN}) { apiKey { id } secret } }", json!({"n": "till"}));
        let (id, first) = (made["data"]["createApiKey"]["apiKey"]["id"].clone(), text(&made["data"]["createApiKey"]["secret"]));
        let rotated = run(&first, "mutation ($id: ID!) { rotateApiKey(input: {apiKeyId: $id}) { secret } }", json!({"id": id}));
        let second = text(&rotated["data"]["rotateApiKey"]["secret"]);
        run(&second, "{ nothing }", json!({}));
        run("prn_wrongwrongwrong", "{ viewer { scope } }", json!({}));
        program.signal("TERM");
        assert!(program.wait().success());
        let log = program.rest_of_log();
        assert!(log.lines().count() > 20, "{log}");
        for secret in [&key, &first, &second, "prn_wrongwrongwrong"] {
            assert!(!log.contains(&secret[4..]), "a secret is in the log");
        }
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
