//! Who may use whom, held against the sources. What a rule says is in the three tables below; to add a layer, add it to
//! [`LAYERS`]. Comments, texts and `#[cfg(test)] mod …` do not count.

mod reading;

use reading::{module_path, paths, test_modules, tokens, without_test_modules};
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Each layer, what it may use of the others, and why no more. Its own parts are its own business.
#[rustfmt::skip]
const LAYERS: &[(&str, &[&str], &str)] = &[
    ("domain", &[], "the domain stands alone"),
    ("telemetry", &[], "what is counted and traced knows nothing of who does it"),
    ("repository", &["domain", "telemetry"], "the repository stores the domain and knows nothing above it"),
    ("app", &["domain", "repository", "telemetry"], "use cases know nothing of who asks"),
    ("graphql", &["app", "domain", "repository", "telemetry"], "the schema is put on top of the use cases, whatever carries it"),
    ("http", &["app", "config", "graphql", "telemetry", "domain::id", "domain::Id", "domain::tenant::Tenant"],
        "HTTP translates; of the domain it knows ids, and whose they are"),
    ("jobs", &["app", "config", "graphql", "domain::id", "domain::Id"], "jobs run use cases"),
    ("demo", &["app", "domain", "repository"], "the demo fills a database as any caller could"),
    ("config", &["domain", "http", "jobs"], "settings are values; nothing is done with them here"),
    ("cli", &["app", "config", "demo", "domain", "graphql", "http", "jobs", "repository", "telemetry"], "commands put the parts together"),
    ("main", &["cli", "config"], "the commands are in cli"),
    ("lib", &[], "the library only names its modules"),
];

/// Crates, and the only layers that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("diesel", &["repository"]),
    ("diesel_migrations", &["repository"]),
    ("libsqlite3_sys", &["repository"]),
    ("pq_sys", &["repository"]),
    ("async_graphql", &["graphql", "http"]),
    ("async_graphql_parser", &["graphql"]),
    ("async_graphql_value", &["graphql"]),
    ("actix_web", &["http", "jobs", "cli", "graphql"]),
    ("prometheus", &["telemetry"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_http", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("tracing_opentelemetry", &["telemetry"]),
    ("tokio", &["http", "jobs", "cli", "graphql"]),
    ("fastrand", &["app", "cli", "demo"]),
    ("getrandom", &["app", "cli", "demo"]),
    ("rand", &["app", "cli", "demo"]),
];

/// Parts of paths, the layers that may not say them, and why.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("Tx", &["graphql", "http", "jobs"], "only use cases write"),
    ("now", &["domain"], "time is an argument"),
    ("SystemTime", &["domain"], "time is an argument"),
    ("now_v7", &["domain"], "ids are arguments"),
    ("new_v4", &["domain"], "ids are arguments"),
    ("RandomState", &["domain"], "chance is an argument"),
];

/// Lines that a file must stay below, but for the one that mirrors every table.
const MOST_LINES: usize = 400;
const LONG_FILES: &[&str] = &["src/repository/schema.rs"];

#[test]
fn layers_use_only_what_they_may() {
    let sources = sources();
    let tests: Vec<String> = sources.iter().flat_map(|(file, text)| test_modules(file, text)).collect();
    let is_test = |file: &str| {
        tests.iter().any(|module| file.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
    };
    assert_none(sources.iter().filter(|(file, _)| !is_test(file)).flat_map(|(file, text)| violations(file, text)));
}

#[test]
fn files_stay_short() {
    assert_none(sources().iter().filter(|(file, _)| !LONG_FILES.contains(&file.as_str())).filter_map(
        |(file, text)| {
            let lines = text.lines().count();
            let message =
                format!("{file}:{lines}: {lines} lines; a file has fewer than {MOST_LINES}: split it by topic");
            (lines >= MOST_LINES).then_some(message)
        },
    ));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let [postgres, sqlite] = ["migrations/postgres", "migrations/sqlite"]
        .map(|folder| (folder, files(folder).iter().map(|file| file.replacen(folder, "", 1)).collect::<BTreeSet<_>>()));
    assert!(!postgres.1.is_empty(), "migrations/postgres: there is none");
    let mut wrong = Vec::new();
    for ((_, here), (there_name, there)) in [(&postgres, &sqlite), (&sqlite, &postgres)] {
        wrong.extend(
            here.difference(there)
                .map(|file| format!("{there_name}{file}:1: is missing; each database has the same migrations")),
        );
        for folder in here.iter().filter_map(|file| file.rsplit_once('/').map(|(folder, _)| folder)) {
            wrong.extend(["up.sql", "down.sql"].map(|name| format!("{folder}/{name}")).into_iter().filter_map(
                |file| {
                    let message = format!("migrations/*{file}:1: is missing; a migration has up.sql and down.sql");
                    (!here.contains(&file)).then_some(message)
                },
            ));
        }
    }
    assert_none(wrong);
}

#[test]
fn each_rule_can_fail() {
    for (file, text, said) in [
        ("src/domain/a.rs", "use crate::app::App;", ":1: domain may not use app: the domain stands alone"),
        ("src/domain/a.rs", "use diesel::prelude::*;", ":1: only repository may name diesel"),
        (
            "src/domain/a.rs",
            "#[derive(async_graphql::Enum)] enum E {}",
            ":1: only graphql, http may name async_graphql",
        ),
        ("src/domain/a.rs", "async fn f() { ::tokio::task::yield_now().await }", "may name tokio"),
        ("src/domain/a.rs", "\nfn f() { chrono::Utc::now() }", ":2: domain may not say now: time is an argument"),
        ("src/domain/a.rs", "fn f() -> u8 { rand::random() }", "may name rand"),
        ("src/domain/a.rs", "use uuid::Uuid;\nfn f() { Uuid::now_v7() }", ":2: domain may not say now_v7"),
        ("src/repository/a.rs", "use crate::{domain::Id,\n app::App};", ":2: repository may not use app"),
        ("src/repository/a.rs", "macro_rules! m { () => { $crate::app::f() } }", ":1: repository may not use app"),
        ("src/app/a.rs", "use crate::graphql as g;", "app may not use graphql"),
        ("src/app/mod.rs", "use super::http::{self, Limits};", "app may not use http"),
        ("src/app/a/b.rs", "fn f() { super::super::super::jobs::run() }", "app may not use jobs"),
        ("src/app/a.rs", "#[diesel(table_name = a)] struct A;", "may name diesel"),
        ("src/graphql/a.rs", "use crate::repository::{Conn, db::Tx as T};", "graphql may not say Tx"),
        ("src/graphql/a.rs", "fn f(l: crate::http::Limits) {}", "graphql may not use http"),
        ("src/http/a.rs", "use crate::repository::Db;", "http may not use repository"),
        ("src/http/a.rs", "use crate::domain::{Id, Money};", "http may not use domain::Money"),
        ("src/jobs.rs", "use crate::http::start;", "jobs may not use http"),
        ("src/http/a.rs", "use std::{fs, env};", "only config.rs reads the environment"),
        ("src/cli/a.rs", "fn f() { std::env::var(\"A\") }", "only config.rs reads the environment"),
        ("src/app/a.rs", "use crate::*;", "app may not use *: name what is used"),
        ("src/app/a.rs", "use crate as all;", "app may not use everything"),
        ("src/extra/a.rs", "", "extra is no layer"),
        ("src/app/a.rs", "/* \" */ use crate::http; // \"", "app may not use http"),
        ("src/app/a.rs", "mod a { use super::super::super::http::X; }", "app may not use http"),
    ] {
        let found = violations(file, text);
        assert!(found.iter().any(|message| message.starts_with(file) && message.contains(said)), "{text}: {found:#?}");
    }
}

#[test]
fn what_is_no_use_is_not_held_against_anybody() {
    for (file, text) in [
        ("src/domain/a.rs", "//! [`crate::app::App`], diesel::x\n/* /* */ crate::app::A */ use crate::domain::Id;"),
        ("src/domain/a.rs", r##"const A: &str = "\"crate::app::x"; const B: &str = r#"" diesel::x "#;"##),
        ("src/domain/a.rs", "fn f<'a>(now: &'a Instant, q: char) -> bool { q == '\"' || now.tokio.rand }"),
        ("src/domain/a.rs", "#[cfg(test)]\nmod tests { use crate::app::App; fn f() { Utc::now() } }\nfn g() {}"),
        (
            "src/graphql/a/b.rs",
            "use super::super::limits; use crate::repository::{self, Conn}; fn f() { Instant::now() }",
        ),
        ("src/http/a.rs", "use crate::domain::{Id, id::NotAnId}; mod a { use super::super::trace::T; }"),
        ("src/config.rs", "fn f() { std::env::var_os(\"A\") }"),
        ("src/main.rs", "use perennial::{cli, config::Config}; const V: &str = env!(\"CARGO_PKG_VERSION\");"),
        ("src/repository/mod.rs", "use diesel::Connection; pub(super) mod a; pub(in crate::repository) fn f() {}"),
    ] {
        assert_eq!(violations(file, text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(test_modules("src/http/mod.rs", "#[cfg(test)]\nmod tests;\nmod a;"), ["src/http/tests"]);
    assert_eq!(test_modules("src/http/a.rs", "#[cfg(test)] mod tests;"), ["src/http/a/tests"]);
}

/// What a file does that its layer may not.
fn violations(file: &str, text: &str) -> Vec<String> {
    let modules = module_path(file);
    let layer = modules.first().map_or("lib", String::as_str);
    let Some((_, may_use, why)) = LAYERS.iter().find(|(name, ..)| *name == layer) else {
        return vec![format!("{file}:1: {layer} is no layer: say in tests/architecture.rs what it may use")];
    };
    let mut found = BTreeSet::new();
    for (path, line) in paths(&without_test_modules(&tokens(text)), &modules) {
        let mut say = |message: String| found.insert((line, message));
        let (first, rest) = path.split_first().map_or(("", path.as_slice()), |(first, rest)| (first.as_str(), rest));
        if first == "crate" || first == "perennial" {
            let used = rest.join("::");
            let allowed = |one: &str| used == one || used.strip_prefix(one).is_some_and(|rest| rest.starts_with("::"));
            match rest.first().map(String::as_str) {
                None => _ = say(format!("{layer} may not use everything: {why}")),
                Some("*") => _ = say(format!("{layer} may not use *: name what is used")),
                Some(other) if other == layer || may_use.iter().any(|one| allowed(one)) => {}
                Some(other) if may_use.iter().any(|one| one.starts_with(&format!("{other}::"))) => {
                    say(format!("{layer} may not use {used}: {why}"));
                }
                Some(other) => _ = say(format!("{layer} may not use {other}: {why}")),
            }
        }
        if let Some((name, layers)) = CRATES.iter().find(|(name, layers)| *name == first && !layers.contains(&layer)) {
            say(format!("only {} may name {name}", layers.join(", ")));
        }
        for (word, layers, why) in WORDS.iter().filter(|(word, ..)| path.iter().skip(1).any(|part| part == word)) {
            if layers.contains(&layer) {
                say(format!("{layer} may not say {word}: {why}"));
            }
        }
        if first == "std" && rest.first().is_some_and(|part| part == "env") && layer != "config" {
            say("only config.rs reads the environment: hand the setting in".to_owned());
        }
    }
    found.into_iter().map(|(line, message)| format!("{file}:{line}: {message}")).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files in a folder of the project and those below, by their path in the project.
fn files(folder: &str) -> BTreeSet<String> {
    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in folder.read_dir().unwrap_or_else(|cause| panic!("{}: {cause}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(&root().join(folder), &mut found);
    found
}

fn sources() -> Vec<(String, String)> {
    let sources =
        files("src").into_iter().filter(|file| Path::new(file).extension().is_some_and(|ending| ending == "rs"));
    sources.map(|file| (file.clone(), read_to_string(root().join(&file)).unwrap())).collect()
}

fn assert_none(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
