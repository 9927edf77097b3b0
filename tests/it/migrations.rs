//! The migrations: they run up and down, both databases end up with the same tables, and the program's own picture of
//! them in `src/repository/schema.rs` is right.

use crate::support::Backend;
use crate::support::database::TestDatabase;
use perennial::domain::add_on::AddOn;
use perennial::domain::api_key::ApiKey;
use perennial::domain::asset::{Asset, AssetAssignment};
use perennial::domain::coupon::Coupon;
use perennial::domain::credit::Credit;
use perennial::domain::credit_note::CreditNote;
use perennial::domain::customer::Customer;
use perennial::domain::discount::Discount;
use perennial::domain::feature::Feature;
use perennial::domain::invoice::Invoice;
use perennial::domain::meter::Meter;
use perennial::domain::order::Order;
use perennial::domain::payment::PaymentAttempt;
use perennial::domain::plan::Plan;
use perennial::domain::product::Product;
use perennial::domain::subscription::Subscription;
use perennial::domain::tax::CountryTaxRate;
use perennial::domain::trusted_document::TrustedDocument;
use perennial::domain::usage::UsageEvent;
use perennial::repository::Listed;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a database says of its tables, each thing in words that are the same on both.
#[derive(PartialEq, Debug)]
struct Picture {
    /// `table: column null` or `table: column not null`, in the order of the table.
    columns: Vec<String>,
    /// `table (columns)`
    primary_keys: Vec<String>,
    /// `table (columns) -> table (columns)`
    foreign_keys: Vec<String>,
    /// `unique table (columns) where …`
    indexes: Vec<String>,
    /// `view: column`, in the order of the view.
    views: Vec<String>,
}

fn picture(database: &TestDatabase) -> Picture {
    let [columns, primary_keys, foreign_keys, indexes, views] = match database.backend {
        Backend::Postgres => POSTGRES,
        Backend::Sqlite => SQLITE,
    };
    let sorted = |statement: &str| {
        let mut lines = database.texts(statement);
        lines.sort();
        lines
    };
    Picture {
        columns: database.texts(columns),
        primary_keys: sorted(primary_keys),
        foreign_keys: sorted(foreign_keys),
        indexes: sorted(indexes),
        views: database.texts(views),
    }
}

const POSTGRES: [&str; 5] = [
    "SELECT table_name || ': ' || column_name || CASE is_nullable WHEN 'YES' THEN ' null' ELSE ' not null' END AS line
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND left(table_name, 2) <> '__'
     ORDER BY table_name COLLATE \"C\", ordinal_position",
    "SELECT i.indrelid::regclass || ' (' || names || ')' AS line FROM pg_index i, LATERAL (
         SELECT string_agg(attname, ', ' ORDER BY place) AS names
         FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS n
     WHERE indisprimary AND i.indrelid::regclass::text !~ '^(pg_|__|information)'",
    "SELECT c.conrelid::regclass || ' (' || own.names || ') -> ' || c.confrelid::regclass || ' (' || theirs.names || ')'
         AS line
     FROM pg_constraint c, LATERAL (
         SELECT string_agg(attname, ', ' ORDER BY place) AS names FROM unnest(c.conkey) WITH ORDINALITY AS k (n, place)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n) AS own, LATERAL (
         SELECT string_agg(attname, ', ' ORDER BY place) AS names FROM unnest(c.confkey) WITH ORDINALITY AS k (n, place)
         JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n) AS theirs
     WHERE c.contype = 'f'",
    "SELECT CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || i.indrelid::regclass || ' (' || names || ')'
         || CASE WHEN i.indpred IS NULL THEN '' ELSE ' where' END AS line
     FROM pg_index i, LATERAL (
         SELECT string_agg(attname, ', ' ORDER BY place) AS names
         FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS n
     WHERE NOT indisprimary AND i.indrelid::regclass::text !~ '^(pg_|__|information)'",
    "SELECT table_name || ': ' || column_name AS line FROM information_schema.columns
     JOIN information_schema.views USING (table_schema, table_name) WHERE table_schema = 'public'
     ORDER BY table_name COLLATE \"C\", ordinal_position",
];

const SQLITE: [&str; 5] = [
    "SELECT m.name || ': ' || c.name || CASE c.\"notnull\" WHEN 0 THEN ' null' ELSE ' not null' END AS line
     FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND substr(m.name, 1, 2) <> '__' ORDER BY m.name, c.cid",
    "SELECT m.name || ' (' || (
         SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk))
         || ')' AS line
     FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND substr(m.name, 1, 2) <> '__'",
    // Where a key names no columns of the other table it means that table's primary key.
    "SELECT m.name || ' (' || group_concat(f.\"from\", ', ') || ') -> ' || f.\"table\" || ' ('
         || group_concat(coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\") WHERE pk = f.seq + 1)), ', ')
         || ')' AS line
     FROM sqlite_master m, pragma_foreign_key_list(m.name) f
     WHERE m.type = 'table' GROUP BY m.name, f.id",
    "SELECT CASE l.\"unique\" WHEN 1 THEN 'unique ' ELSE '' END || m.name || ' (' || (
         SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) || ')'
         || CASE l.partial WHEN 1 THEN ' where' ELSE '' END AS line
     FROM sqlite_master m, pragma_index_list(m.name) l
     WHERE m.type = 'table' AND substr(m.name, 1, 2) <> '__' AND l.origin <> 'pk'",
    "SELECT m.name || ': ' || c.name AS line FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'view' ORDER BY m.name, c.cid",
];

fn up_down_up(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open();
    let applied = db.migrate().unwrap();
    assert!(applied.len() >= 6, "{applied:?}");
    let first = picture(&database);
    db.revert().unwrap();
    let nothing = Vec::<String>::new();
    assert_eq!((database.tables(), picture(&database).views), (nothing.clone(), nothing), "something is left behind");
    assert_eq!(db.migrate().unwrap(), applied);
    assert_eq!(picture(&database), first);
    assert_eq!(db.migrate().unwrap(), Vec::<String>::new());
    db.check_version().unwrap();
}

#[test]
fn every_migration_can_be_undone_on_sqlite() {
    up_down_up(Backend::Sqlite);
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn every_migration_can_be_undone_on_postgres() {
    up_down_up(Backend::Postgres);
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn both_databases_have_the_same_tables() {
    let [sqlite, postgres] = [Backend::Sqlite, Backend::Postgres].map(|backend| picture(&TestDatabase::fresh(backend)));
    assert!(sqlite.foreign_keys.len() > 10 && sqlite.indexes.len() > 30, "{sqlite:#?}");
    for (what, sqlite, postgres) in [
        ("columns", &sqlite.columns, &postgres.columns),
        ("primary keys", &sqlite.primary_keys, &postgres.primary_keys),
        ("foreign keys", &sqlite.foreign_keys, &postgres.foreign_keys),
        ("indexes", &sqlite.indexes, &postgres.indexes),
        ("views", &sqlite.views, &postgres.views),
    ] {
        let [here, there] = [sqlite, postgres].map(|lines| lines.iter().collect::<BTreeSet<_>>());
        let only_here: Vec<_> = here.difference(&there).collect();
        let only_there: Vec<_> = there.difference(&here).collect();
        assert!(only_here.is_empty() && only_there.is_empty(), "{what}: SQLite {only_here:#?}, not {only_there:#?}");
        assert_eq!(sqlite, postgres, "{what}: the order");
    }
}

/// The columns that an index or a key has.
fn columns_of(line: &str) -> (&str, Vec<&str>) {
    let (table, columns) = line.trim_start_matches("unique ").split_once(" (").unwrap();
    (table, columns.split(')').next().unwrap().split(", ").collect())
}

/// Both databases have the same keys and indexes, as the test above says, so that one of them is enough here.
#[test]
fn nothing_points_across_tenants() {
    let picture = picture(&TestDatabase::fresh(Backend::Sqlite));
    for line in picture.primary_keys.iter().chain(&picture.indexes) {
        let (table, columns) = columns_of(line);
        let global = table == "api_keys" && columns == ["hash"];
        assert!(global || columns[0] == "tenant_id", "{line}: the tenant comes first");
    }
    for line in &picture.foreign_keys {
        let (own, theirs) = line.split_once(" -> ").unwrap();
        assert!(columns_of(own).1[0] == "tenant_id" && columns_of(theirs).1[0] == "tenant_id", "{line}");
    }
    for table in picture.columns.iter().map(|line| line.split_once(": ").unwrap().0) {
        assert!(picture.columns.contains(&format!("{table}: tenant_id not null")), "{table} belongs to no tenant");
    }
}

fn check_indexes<T: Listed>(indexes: &[String]) {
    let of_table: Vec<(&String, Vec<&str>)> = indexes
        .iter()
        .map(|line| (line, columns_of(line)))
        .filter(|(_, (table, _))| *table == T::TABLE)
        .map(|(line, (_, columns))| (line, columns))
        .collect();
    for column in &T::list().columns {
        let leading: Vec<_> =
            of_table.iter().filter(|(_, columns)| columns.starts_with(&["tenant_id", column.column])).collect();
        assert!(!leading.is_empty(), "{}.{} can be filtered by and has no index", T::TABLE, column.column);
        if column.sort.is_some() {
            // The id is the last key of every order, so an index that has it last needs no sorting.
            let sorted = leading.iter().any(|(line, columns)| {
                let whole = !line.ends_with(" where");
                whole && (columns[2..] == ["id"] || columns.len() == 2 && line.starts_with("unique "))
            });
            assert!(sorted, "{}.{} can be sorted by and has no index that ends in the id", T::TABLE, column.column);
        }
    }
}

#[test]
fn what_lists_can_be_filtered_and_sorted_by_has_an_index() {
    let indexes = picture(&TestDatabase::fresh(Backend::Sqlite)).indexes;
    check_indexes::<ApiKey>(&indexes);
    check_indexes::<TrustedDocument>(&indexes);
    check_indexes::<Customer>(&indexes);
    check_indexes::<Plan>(&indexes);
    check_indexes::<Product>(&indexes);
    check_indexes::<Order>(&indexes);
    check_indexes::<Asset>(&indexes);
    check_indexes::<AssetAssignment>(&indexes);
    check_indexes::<Subscription>(&indexes);
    check_indexes::<PaymentAttempt>(&indexes);
    check_indexes::<Feature>(&indexes);
    check_indexes::<AddOn>(&indexes);
    check_indexes::<Discount>(&indexes);
    check_indexes::<Coupon>(&indexes);
    check_indexes::<Invoice>(&indexes);
    check_indexes::<Meter>(&indexes);
    check_indexes::<UsageEvent>(&indexes);
    check_indexes::<CountryTaxRate>(&indexes);
    check_indexes::<Credit>(&indexes);
    check_indexes::<CreditNote>(&indexes);
}

/// The tables of `schema.rs`, or the views of `views.rs`: their primary keys, and their columns with their types.
fn declared(file: &str) -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/repository").join(file);
    let text = std::fs::read_to_string(file).unwrap();
    let mut tables = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, key)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            name.clone_into(&mut table);
            tables.insert(table.clone(), (key.to_owned(), Vec::new()));
        } else if let Some((column, of)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            tables.get_mut(&table).unwrap().1.push((column.to_owned(), of.to_owned()));
        }
    }
    tables
}

/// How each database keeps a type of `schema.rs`.
fn kept(of: &str) -> [&'static str; 2] {
    match of {
        "Identifier" => ["BLOB", "uuid"],
        "Moment" => ["TEXT", "timestamp with time zone"],
        "Document" => ["TEXT", "jsonb"],
        "Text" => ["TEXT", "text"],
        "Integer" => ["INTEGER", "integer"],
        "BigInt" => ["INTEGER", "bigint"],
        "Binary" => ["BLOB", "bytea"],
        "Bool" => ["INTEGER", "boolean"],
        "Exact" => ["TEXT", "numeric"],
        "Date" => ["TEXT", "date"],
        other => panic!("say here how the databases keep {other}"),
    }
}

fn declarations_are_right(backend: Backend) {
    let database = TestDatabase::fresh(backend);
    let declared = declared("schema.rs");
    assert_eq!(declared.keys().collect::<Vec<_>>(), database.tables().iter().collect::<Vec<_>>());
    for (table, (key, columns)) in &declared {
        let expected: Vec<String> = columns
            .iter()
            .map(|(column, of)| {
                let inner = of.strip_prefix("Nullable<").and_then(|of| of.strip_suffix('>'));
                let null = if inner.is_some() { "null" } else { "not null" };
                format!("{column} {} {null}", kept(inner.unwrap_or(of))[usize::from(backend == Backend::Postgres)])
            })
            .collect();
        let statement = match backend {
            Backend::Sqlite => format!(
                "SELECT name || ' ' || type || CASE \"notnull\" WHEN 0 THEN ' null' ELSE ' not null' END AS line
                 FROM pragma_table_info('{table}') ORDER BY cid"
            ),
            Backend::Postgres => format!(
                "SELECT column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN ' null' ELSE ' not null' END
                     AS line
                 FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        assert_eq!(database.texts(&statement), expected, "{table}");
        assert!(picture(&database).primary_keys.contains(&format!("{table} ({key})")), "{table} ({key})");
    }
}

/// That both databases have the same views is asked above. Of what is selected they do not know whether it may be null.
#[test]
fn the_declared_views_are_those_of_the_databases() {
    let declared = declared("views.rs");
    let lines = declared
        .iter()
        .flat_map(|(view, (_, columns))| columns.iter().map(move |(column, _)| format!("{view}: {column}")));
    assert_eq!(lines.collect::<Vec<_>>(), picture(&TestDatabase::fresh(Backend::Sqlite)).views);
}

#[test]
fn the_declared_tables_are_those_of_sqlite() {
    declarations_are_right(Backend::Sqlite);
}

#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn the_declared_tables_are_those_of_postgres() {
    declarations_are_right(Backend::Postgres);
}
