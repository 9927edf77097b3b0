//! A transaction that may write. Only [`super::Db::write`] makes one.

use super::db::Conn;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use std::ops::{Deref, DerefMut};

/// A transaction that may write. Dereferences to its connection, for reading.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    /// Whose listeners are to be woken once it is committed.
    told: Vec<Id<Tenant>>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c mut Conn) -> Self {
        Tx { conn, told: Vec::new() }
    }

    /// Whose listeners are to be woken.
    pub(super) fn into_told(self) -> Vec<Id<Tenant>> {
        self.told
    }

    /// Notes that there is something to hear for those who listen to a tenant.
    pub(super) fn told(&mut self, tenant: Id<Tenant>) {
        self.told.push(tenant);
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}
impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
