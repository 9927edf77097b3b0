//! Where the data lies.

use std::fmt;
use std::str::FromStr;

/// The address of a database: `sqlite://FILE` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The path of a file, which is created where it does not exist.
    Sqlite(String),
    /// The whole URL, as libpq reads it.
    Postgres(String),
}

/// A text that is no address of a database that we know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAUrl {
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownScheme,
    #[error("the database URL names no file: sqlite://perennial.db is one")]
    NoFile,
}

impl FromStr for DatabaseUrl {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        if let Some(file) = text.strip_prefix("sqlite://") {
            return if file.is_empty() { Err(NotAUrl::NoFile) } else { Ok(DatabaseUrl::Sqlite(file.to_owned())) };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(text.to_owned()));
        }
        Err(NotAUrl::UnknownScheme)
    }
}

impl DatabaseUrl {
    /// What libpq says about the URL, without what it quotes: where it cannot read the URL it quotes parts of it, and
    /// the password may be among them.
    pub(super) fn hide(cause: &str) -> String {
        let quotes = ["URI", "percent-encoded", "connection option"].iter().any(|word| cause.contains(word));
        match cause.split_once(": \"").filter(|_| quotes) {
            Some((told, _)) => told.to_owned(),
            None if cause.starts_with("invalid ") && quotes => {
                "it cannot be read. In a password, signs such as / ? @ are written %2F %3F %40".to_owned()
            }
            None => cause.to_owned(),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    /// The URL without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = match self {
            DatabaseUrl::Sqlite(file) => return write!(f, "sqlite://{file}"),
            DatabaseUrl::Postgres(url) => url,
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
        // A password may also be a parameter, so the parameters are not shown at all.
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold signs that should have been escaped, so what is shown is only what cannot be part of it.
        match place.rsplit_once('@') {
            Some((credentials, place)) => {
                let user = credentials.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{user}@{place}")
            }
            None if parameters.contains('@') => write!(f, "{scheme}://…"),
            None => {
                let (authority, path) = place.split_once('/').unwrap_or((place, ""));
                let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
                let authority = match authority.rsplit_once(':') {
                    Some((host, port)) if !is_port(port) => host,
                    _ => authority,
                };
                write!(f, "{scheme}://{authority}/{path}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        assert_eq!("sqlite://a/b.db".parse(), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert!(matches!("postgresql://localhost/x".parse(), Ok(DatabaseUrl::Postgres(_))));
        assert_eq!("sqlite://".parse::<DatabaseUrl>(), Err(NotAUrl::NoFile));
        for text in ["", "perennial.db", "mysql://localhost/x", "Postgres://x", "sqlite:x"] {
            assert_eq!(text.parse::<DatabaseUrl>(), Err(NotAUrl::UnknownScheme), "{text}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://me:secret@host:5432/db?sslmode=require", "postgres://me@host:5432/db"),
            ("postgres://me:se@cret@host/db", "postgres://me@host/db"),
            ("postgres://me:se/cret@host/db", "postgres://me@host/db"),
            ("postgres://me:se?cret@host/db", "postgres://…"),
            ("postgres://me:secret/db", "postgres://me/db"),
            ("postgres://host/db?user=me&password=secret", "postgres://host/db"),
            ("postgres://host/db?user=me@host&password=secret", "postgres://…"),
            ("postgres://?password=secret", "postgres:///"),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap().to_string(), shown);
        }
    }
}
