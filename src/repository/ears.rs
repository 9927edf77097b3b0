//! Those in this program who hear whose events were stored, right after the commit.

use crate::domain::Id;
use crate::domain::tenant::Tenant;
use std::sync::{Arc, PoisonError, RwLock};

/// Hears of one tenant. It must not block.
pub type Ear = Box<dyn Fn(Id<Tenant>) + Send + Sync>;

/// All who hear.
#[derive(Clone, Default)]
pub struct Ears(Arc<RwLock<Vec<Ear>>>);

impl Ears {
    /// Lets one more hear, for as long as the program runs.
    pub fn add(&self, ear: Ear) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(ear);
    }

    pub(super) fn tell(&self, told: &[Id<Tenant>]) {
        if told.is_empty() {
            return;
        }
        let ears = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for tenant in told {
            ears.iter().for_each(|ear| ear(*tenant));
        }
    }
}
