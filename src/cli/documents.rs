//! Registered documents.

use super::{Failure, print};
use crate::app::trusted_document::sha256_of;
use crate::app::{App, operator};
use crate::config::DocumentsCommand;
use crate::graphql::check_text;
use std::path::{Path, PathBuf};

/// Does one of the commands about documents.
pub fn documents(app: &App, command: &DocumentsCommand) -> Result<(), Failure> {
    let DocumentsCommand::Add { tenant, files } = command;
    let texts = files.iter().map(PathBuf::as_path).map(text_of).collect::<Result<Vec<_>, _>>()?;
    operator::register_documents(app, *tenant, &texts)?;
    let mut lines = texts.iter().zip(files);
    lines.try_for_each(|(text, file)| print(&format!("{}  {}", sha256_of(text).as_str(), file.display())))
}

fn text_of(file: &Path) -> Result<String, Failure> {
    let failed = |cause: String| Failure::Document { file: file.to_owned(), cause };
    let text = std::fs::read_to_string(file).map_err(|cause| failed(cause.to_string()))?;
    check_text(text).map_err(failed)
}
