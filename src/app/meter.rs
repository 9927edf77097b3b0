//! Meters.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use crate::domain::event::EventType;
use crate::domain::feature::{CatalogueState, measured};
use crate::domain::meter::{Aggregation, Meter, PropertyMatch};
use crate::domain::{ErrorCode, Id, Refusal};
use crate::repository::{Fault, Query, feature, meter};
use serde::{Deserialize, Serialize};

/// What a client says of a new meter.
#[derive(Clone, Debug)]
pub struct CreateMeter {
    pub code: String,
    pub name: String,
    pub aggregation: Aggregation,
    pub property: Option<String>,
    pub filters: Vec<PropertyMatch>,
    /// The code of the feature that it measures.
    pub feature: String,
}

/// What a client changes of a meter: what is none stays.
#[derive(Clone, Debug)]
pub struct UpdateMeter {
    pub meter_id: Id<Meter>,
    pub expected_version: Option<i32>,
    pub name: Option<String>,
}

/// The meter that was created, changed or archived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MeterChanged {
    pub meter: Id<Meter>,
}

pub fn create_meter(call: &Call<'_>, new: &CreateMeter) -> Result<Answer<MeterChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        if meter::by_code(tenant, &new.code).first(work.conn())?.is_some() {
            let message = format!("There is a meter with the code {:?} already.", new.code);
            return Err(Refusal::new(ErrorCode::DuplicateHandle, message).at(&["code"]).into());
        }
        let features = feature::by_code(tenant, &new.feature).load(work.conn())?;
        let feature_id = measured(&features, &new.feature).map_err(|refusal| refusal.at(&["featureCode"]))?;
        if let Some(other) = meter::of_features(tenant, &[feature_id]).first(work.conn())? {
            let message = format!("The use of {:?} is measured by {:?} already.", new.feature, other.code);
            return Err(Refusal::new(ErrorCode::FeatureAlreadyMetered, message).at(&["featureCode"]).into());
        }
        let made = Meter {
            id: work.id(),
            code: new.code.clone(),
            name: new.name.clone(),
            aggregation: new.aggregation,
            property: new.property.clone(),
            filters: new.filters.clone(),
            feature_id,
            state: CatalogueState::Active,
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        meter::insert(work.tx, tenant, &made)?;
        work.event(EventType::MeterCreated, made.id, serde_json::json!({"code": made.code}));
        Ok(MeterChanged { meter: made.id })
    })
}

pub fn update_meter(call: &Call<'_>, change: &UpdateMeter) -> Result<Answer<MeterChanged>, Fault> {
    call.run(|work| {
        let mut meter = existing(work, change.meter_id, change.expected_version)?;
        meter.name = change.name.clone().unwrap_or(meter.name);
        store(work, meter, EventType::MeterUpdated)
    })
}

/// Archives a meter. What it has recorded is still billed. One that is archived already stays as it is.
pub fn archive_meter(
    call: &Call<'_>,
    id: Id<Meter>,
    expected_version: Option<i32>,
) -> Result<Answer<MeterChanged>, Fault> {
    call.run(|work| {
        let mut meter = existing(work, id, expected_version)?;
        if meter.state == CatalogueState::Deleted {
            return Ok(MeterChanged { meter: id });
        }
        meter.state = CatalogueState::Deleted;
        store(work, meter, EventType::MeterArchived)
    })
}

fn existing(work: &mut Work<'_, '_>, id: Id<Meter>, expected_version: Option<i32>) -> Result<Meter, Stop> {
    let missing = || Refusal::new(ErrorCode::MeterNotFound, "There is no such meter.").at(&["meterId"]);
    let found = Query::by_id(work.tenant, id).hold(work.tx)?.ok_or_else(missing)?;
    expect_version(expected_version, found.version, &MeterChanged { meter: id })?;
    Ok(found)
}

fn store(work: &mut Work<'_, '_>, mut meter: Meter, event: EventType) -> Result<MeterChanged, Stop> {
    meter.version += 1;
    meter.updated_at = work.now;
    meter::update(work.tx, work.tenant, &meter)?;
    work.event(event, meter.id, serde_json::json!({"code": meter.code}));
    Ok(MeterChanged { meter: meter.id })
}
