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

#[test]
fn the_limits_are_those_that_are_written_down() {
    let server = |line: &[&str]| match Config::parse_from([&["perennial", "serve"], line].concat()).command {
        Command::Serve { server, .. } => server,
        _ => panic!("{line:?} serves nothing"),
    };
    // The environment of whoever runs the tests may name others.
    if std::env::vars_os().all(|(name, _)| !name.to_string_lossy().starts_with("PERENNIAL_")) {
        let default = server(&[]);
        assert_eq!(default.query_limits(), QueryLimits::default());
        assert_eq!(default.limits.http(), crate::http::Limits::default());
        let document = include_str!("../../docs/limits.md");
        let command = <Config as clap::CommandFactory>::command();
        let serve = command.find_subcommand("serve").unwrap();
        let of_limits = |arg: &&clap::Arg| arg.get_help_heading() == Some("Limits");
        let mut count = 0;
        for arg in serve.get_arguments().filter(of_limits) {
            let (flag, default) = (arg.get_long().unwrap(), arg.get_default_values()[0].to_str().unwrap());
            let line = document.lines().find(|line| line.starts_with(&format!("| `--{flag}` |")));
            let line = line.unwrap_or_else(|| panic!("docs/limits.md does not list --{flag}"));
            assert!(line.contains(&format!("| {default} |")), "--{flag} is {default}: {line}");
            count += 1;
        }
        assert!(count > 15, "{count}");
    }
    let told = server(&["--max-cost", "7", "--cost-bucket", "0", "--max-waiting", "0", "--database-timeout", "3"]);
    let query = told.query_limits();
    assert_eq!(
        (query.cost, query.bucket, query.reading, told.limits.http().waiting),
        (7, 0, Duration::from_secs(3), 0)
    );
}
