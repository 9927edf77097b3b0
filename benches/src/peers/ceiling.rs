//! The SQL alone: what PostgreSQL does when `pgbench` asks for the same rows by statements that were written by hand.

use super::asking::Question;
use super::node;
use crate::Failure;
use std::process::Command;

/// The rate a second. None where there is no `pgbench`.
pub fn measure(url: &str, question: &Question, connections: usize, seconds: f64) -> Result<Option<f64>, Failure> {
    let template = std::fs::read_to_string(node::sources().join("ceiling").join(question.sql.file))?;
    let folder = node::folder().join("ceiling");
    std::fs::create_dir_all(&folder)?;
    let mut pgbench = Command::new("pgbench");
    let seconds = format!("{:.0}", seconds.max(1.0));
    pgbench.args(["-n", "-M", "prepared", "-c", &connections.to_string(), "-T", &seconds]);
    for (place, literals) in question.sql.statements().enumerate() {
        let mut text = template.clone();
        for (name, literal) in literals {
            text = text.replace(&format!(":{name}"), literal);
        }
        let file = folder.join(format!("{place}-{}", question.sql.file));
        std::fs::write(&file, text)?;
        pgbench.arg("-f").arg(file);
    }
    let Ok(output) = pgbench.arg(url).output() else { return Ok(None) };
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = answer.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    match rate {
        Some(rate) if output.status.success() => Ok(Some(rate)),
        _ => Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
