use super::*;

#[test]
fn the_command_line_is_consistent() {
    <Config as clap::CommandFactory>::command().debug_assert();
}

#[test]
fn the_demo_has_a_database_and_a_log_of_its_own() {
    let serve = Config::parse_from(["perennial", "serve", "--listen", "localhost:0"]);
    let demo = Config::parse_from(["perennial", "demo"]);
    // The environment of whoever runs the tests may name both.
    if serve.database_url.is_none() && serve.log.is_none() {
        assert_eq!((serve.database_url(), demo.database_url()), (DATABASE, DEMO_DATABASE));
        assert_eq!((serve.log(), demo.log()), (LOG, DEMO_LOG));
    }
    let told = Config::parse_from(["perennial", "demo", "--database-url", "sqlite://x.db", "--log", "debug"]);
    assert_eq!((told.database_url(), told.log()), ("sqlite://x.db", "debug"));
}

#[test]
fn links_begin_with_the_public_url_or_with_where_the_server_listens() {
    let told = |line: &[&str]| match Config::parse_from([&["perennial"], line].concat()).command {
        Command::Serve { server, .. } | Command::Demo(server) => server.public_url(),
        _ => panic!("{line:?} serves nothing"),
    };
    for command in ["serve", "demo"] {
        for (url, kept) in [
            ("https://billing.example.com", "https://billing.example.com"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("https://example.com/billing//", "https://example.com/billing"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(told(&[command, "--public-url", url]), kept);
        }
        // The environment of whoever runs the tests may name one.
        if std::env::var_os("PERENNIAL_PUBLIC_URL").is_none() {
            assert_eq!(told(&[command, "--listen", "[::1]:9000"]), "http://[::1]:9000");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        &["serve", "--workers", "0"][..],
        &["serve", "--pool-size", "0"],
        &["serve", "--listen", "8080"],
        &["serve", "--max-body-bytes", "0"],
        &["serve", "--public-url", ""],
        &["serve", "--public-url", "billing.example.com"],
        &["serve", "--public-url", "ftp://billing.example.com"],
        &["serve", "--public-url", "https://"],
        &["serve", "--public-url", "https:///pay"],
        &["serve", "--public-url", "https://:8080"],
        &["serve", "--public-url", "https://me:secret@example.com"],
        &["serve", "--public-url", "https://example.com/?a=b"],
        &["serve", "--public-url", "https://example.com/#top"],
        &["serve", "--public-url", "https://exam ple.com"],
        &["serve", "--gateway", "paypal"],
        &["serve", "--stripe-url", "api.stripe.com"],
        &["serve", "--stripe-secret-key", "sk_test_1"],
        &["demo", "--gateway", "stripe"],
        &["key", "create", "x", "--tenant", "ord_01h455vb4pex5vsknk084sn02q"],
        &["key", "create", "x", "--tenant", "ten_01h455vb4pex5vsknk084sn02q", "--scope", "root"],
    ] {
        assert!(Config::try_parse_from([&["perennial"], line].concat()).is_err(), "{line:?}");
    }
}
