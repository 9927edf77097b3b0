//! The commands about tenants, their keys, and the documents that they registered.

use crate::domain::api_key::{ApiKey, LONGEST_OVERLAP, OVERLAP, Scope};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id, Instant};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum TenantCommand {
    /// Make a tenant and its first API key, which may do everything
    Create {
        /// The company's name
        name: String,

        /// Make it a tenant for trying out, in which nothing is real. This is never changed
        #[arg(long)]
        test: bool,

        /// Print {"tenantId": …, "apiKey": …} on one line, and nothing else
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key. It is shown once and cannot be shown again
    Create {
        /// What the key is for, such as the program that will use it
        name: String,

        /// The tenant that the key speaks for
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Id<Tenant>,

        /// What the key may do: read, write (and read) or admin (everything)
        #[arg(long, value_parser = scope, default_value = "write")]
        scope: Scope,

        /// From when on the key opens nothing, such as 2027-01-31T00:00:00Z. Default: never
        #[arg(long, value_name = "RFC3339")]
        expires: Option<Instant>,

        /// Let the key send registered documents only (see `documents add`)
        #[arg(long)]
        trusted_documents_only: bool,

        /// Print {"keyId": …, "apiKey": …} on one line, and nothing else
        #[arg(long)]
        json: bool,
    },
    /// Replace a key: make a new one of the same kind, and let the old one end after an overlap
    Rotate {
        /// The key, as `key list` shows it
        #[arg(value_name = "KEY_ID")]
        key: Id<ApiKey>,

        /// The tenant of the key
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Id<Tenant>,

        /// For how many hours the old key may still be used
        #[arg(long, value_name = "HOURS", default_value_t = OVERLAP)]
        #[arg(value_parser = clap::value_parser!(i32).range(0..=i64::from(LONGEST_OVERLAP)))]
        overlap: i32,

        /// From when on the new key opens nothing. Default: it lives as long as the old one was to live
        #[arg(long, value_name = "RFC3339")]
        expires: Option<Instant>,

        /// Print {"keyId": …, "apiKey": …} on one line, and nothing else
        #[arg(long)]
        json: bool,
    },
    /// List the keys of a tenant, without their secrets
    List {
        /// The tenant
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Id<Tenant>,
    },
    /// Revoke a key for good
    Revoke {
        /// The key, as `key list` shows it
        #[arg(value_name = "KEY_ID")]
        key: Id<ApiKey>,

        /// The tenant of the key
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Id<Tenant>,
    },
}

#[derive(Subcommand)]
pub enum DocumentsCommand {
    /// Register documents: all of them or none. One that is registered already stays as it is
    ///
    /// Prints the name of each, which is the SHA-256 of the file, as `sha256sum` does.
    Add {
        /// The tenant whose requests may name them
        #[arg(long, value_name = "TENANT_ID")]
        tenant: Id<Tenant>,

        /// Files with one GraphQL document each
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_name(&text.to_ascii_uppercase()).ok_or_else(|| "it is one of read, write and admin".to_owned())
}
