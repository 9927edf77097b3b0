//! The catalogue.

use super::{Making, awkward, but_every};
use perennial::app::feature::{self, CreateFeature};
use perennial::domain::Id;
use perennial::domain::feature::{Feature, FeatureType};
use perennial::domain::text::Metadata;

impl Making<'_> {
    pub(super) fn catalogue(&self, amount: usize) {
        let features: Vec<_> = (0..amount).map(|n| self.feature(n)).collect();
        for id in features.iter().step_by(4) {
            self.run(|call| feature::archive_feature(call, *id, None));
        }
    }

    fn feature(&self, n: usize) -> Id<Feature> {
        let new = CreateFeature {
            code: format!("{}-{n}", awkward(n + 1)),
            name: awkward(n / 2).to_owned(),
            description: but_every(3, n, awkward(n).to_owned()),
            feature_type: [FeatureType::Boolean, FeatureType::Metered, FeatureType::Static][n % 3],
            metadata: Metadata::try_new(&serde_json::json!({awkward(n): n})).expect("metadata"),
        };
        self.run(|call| feature::create_feature(call, &new)).feature
    }
}
