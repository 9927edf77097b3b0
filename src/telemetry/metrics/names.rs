//! Labels that clients choose, of which only so many different ones are kept.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// What stands for everything that came too late.
pub const OTHER: &str = "other";

/// The first `most` different texts; whatever comes later is none of them.
pub struct Known {
    most: usize,
    known: RwLock<HashSet<String>>,
}

impl Known {
    pub fn new(most: usize) -> Self {
        Known { most, known: RwLock::default() }
    }

    /// Whether this is one of them.
    pub fn has(&self, text: &str) -> bool {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.contains(text) || known.len() >= self.most {
                return known.contains(text);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < self.most {
            known.insert(text.to_owned());
        }
        known.contains(text)
    }

    /// The text, or what stands for it.
    pub fn or_other<'t>(&self, text: &'t str) -> &'t str {
        if self.has(text) { text } else { OTHER }
    }
}
