//! The catalogue.

use super::{Store, choice, id, instant, json, maybe};
use async_graphql::Value;
use perennial::domain::Id;
use perennial::domain::feature::Feature;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Fault, feature};

impl Store {
    pub(super) fn catalogue(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Result<(), Fault> {
        feature::all(tenant).order("id").load(conn)?.iter().for_each(|row| self.feature(row));
        Ok(())
    }

    fn feature(&mut self, row: &Feature) {
        self.add(
            "Feature",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("name", row.name.clone().into()),
                ("description", maybe(row.description.as_deref(), Value::from)),
                ("featureType", choice(row.feature_type)),
                ("state", choice(row.state)),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }
}
