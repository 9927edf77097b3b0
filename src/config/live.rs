//! Settings of those who listen, and of pages of other sites.

use crate::http::cors::Origins;
use crate::http::live::{Live, LiveSettings};
use clap::Args;
use std::sync::Arc;

#[derive(Args)]
pub struct LiveArgs {
    /// Origins whose pages may use the API from a browser, separated by commas
    ///
    /// Such as https://app.example.com,http://localhost:3000. Default: none but the server's own. Also guards WebSockets.
    #[arg(long = "cors-origin", env = "PERENNIAL_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(help_heading = "Server", hide_env_values = true, value_parser = origin)]
    cors_origins: Vec<String>,

    /// The most subscriptions by server-sent events and WebSockets that are open at once
    #[arg(long, env = "PERENNIAL_MAX_LISTENERS", value_name = "COUNT", default_value = "1000")]
    #[arg(help_heading = "Limits", hide_env_values = true)]
    max_listeners: u32,

    /// The most operations that run at once on one WebSocket
    #[arg(long, env = "PERENNIAL_MAX_SOCKET_OPERATIONS", value_name = "COUNT", default_value = "50")]
    #[arg(help_heading = "Limits", hide_env_values = true)]
    max_socket_operations: u16,
}

impl LiveArgs {
    pub fn live(&self) -> Arc<Live> {
        let connections = usize::try_from(self.max_listeners).unwrap_or(usize::MAX);
        let operations = usize::from(self.max_socket_operations);
        Arc::new(Live::new(LiveSettings { connections, operations, ..LiveSettings::default() }))
    }

    pub fn origins(&self, public_url: &str) -> Origins {
        Origins::new(&self.cors_origins, public_url)
    }
}

/// An origin as browsers write it. `*` is none: whoever may ask is listed.
fn origin(text: &str) -> Result<String, &'static str> {
    const MESSAGE: &str = "an origin such as https://app.example.com is needed, without a path; * is not one";
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(MESSAGE)?;
    let is_wrong = |letter: char| !(letter.is_ascii_alphanumeric() || ".-:[]".contains(letter));
    if host.is_empty() || host.starts_with(':') || host.contains(is_wrong) {
        return Err(MESSAGE);
    }
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_wildcard() {
        for text in ["https://app.example.com", "http://localhost:3000", "http://[::1]:8080", "https://App.Example.com"]
        {
            assert_eq!(origin(text), Ok(text.to_ascii_lowercase()));
        }
        for text in
            ["", "*", "null", "app.example.com", "https://", "https://*.example.com", "https://a.example/", "ws://a"]
        {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
