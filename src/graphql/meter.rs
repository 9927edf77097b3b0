//! Meters.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use crate::app::meter::{CreateMeter, MeterChanged, UpdateMeter, archive_meter, create_meter, update_meter};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::meter::{Aggregation, Meter, PropertyMatch, property_fits};
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Meter {
    fn declare() -> Type<Self> {
        Type::new("Meter", "How the use of one feature is measured. What it counts is never changed.")
            .node(|meter: &Meter| meter.id)
            .column("code", "Its code: unique in the tenant, and never changed.", |meter| &meter.code)
            .column("name", "The name.", |meter| &meter.name)
            .column("aggregation", "What becomes of the events of a period.", |meter| &meter.aggregation)
            .column("property", "The property that is aggregated; null where events are counted.", |meter| {
                &meter.property
            })
            .values("filters", "An event counts where it meets all of these.", |meter| meter.filters.iter().collect())
            .one("feature", "What it measures.", |meter| meter.feature_id)
            .column("state", "Whether it records anything.", |meter| &meter.state)
            .column("version", "Counts its changes: for `expectedVersion`.", |meter| &meter.version)
            .column("createdAt", "When it was created.", |meter| &meter.created_at)
            .column("updatedAt", "When it was last changed.", |meter| &meter.updated_at)
    }
}

impl Object for PropertyMatch {
    fn declare() -> Type<Self> {
        Type::new("PropertyMatch", "A property that must have one of some values.")
            .column("property", "The name of the property.", |filter: &PropertyMatch| &filter.property)
            .column("values", "The values.", |filter| &filter.values)
    }
}

/// A property that an event must have.
#[derive(InputObject)]
pub struct PropertyMatchInput {
    /// The name of the property.
    property: String,
    /// The values of which it must have one: 1 to 100. What is a number or a boolean is compared as JSON writes it.
    values: Vec<String>,
}

/// The most filters of a meter, and the most values of a filter.
const MOST_FILTERS: usize = 20;
const MOST_VALUES: usize = 100;

/// A new meter.
#[derive(InputObject)]
pub struct CreateMeterInput {
    /// Its code: unique in the tenant, and never changed.
    code: String,
    /// The name.
    name: String,
    /// What becomes of the events of a period; never changed.
    aggregation: Wire<Aggregation>,
    /// The property that is aggregated; left out where events are counted, and only there.
    property: Option<String>,
    /// An event counts where it meets all of these: at most 20. Every event counts where there are none.
    filters: Option<Vec<PropertyMatchInput>>,
    /// The code of the feature that it measures, which is METERED and has no other meter.
    feature_code: String,
}

impl CreateMeterInput {
    fn read(self) -> Result<CreateMeter, Vec<Refusal>> {
        Check::input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let aggregation = self.aggregation.0;
            let property = check.maybe("property", self.property, check::code);
            if let Some(property) = &property {
                check.together(property_fits(aggregation, property.as_ref()));
            }
            let filters = check.rows("filters", self.filters.unwrap_or_default(), (0, MOST_FILTERS), |check, row| {
                let property = check.take("property", check::code(row.property));
                let values = check.texts("values", row.values, (1, MOST_VALUES), check::value);
                Some(PropertyMatch { property: property?, values: values? })
            });
            let feature = check.take("featureCode", check::code(self.feature_code));
            Some(CreateMeter {
                code: code?,
                name: name?,
                aggregation,
                property: property?,
                filters: filters?,
                feature: feature?,
            })
        })
    }
}

/// What to change of a meter. What is left out stays.
#[derive(InputObject)]
pub struct UpdateMeterInput {
    /// Which meter.
    meter_id: ID,
    /// Refuse with CONFLICT unless the meter is at this version.
    expected_version: Option<i32>,
    /// The name.
    name: MaybeUndefined<String>,
}

impl UpdateMeterInput {
    fn read(self) -> Result<UpdateMeter, Vec<Refusal>> {
        Check::input(|check| {
            let meter_id = check.take("meterId", check::id(self.meter_id));
            let name = check.set("name", self.name, check::name);
            Some(UpdateMeter { meter_id: meter_id?, expected_version: self.expected_version, name: name? })
        })
    }
}

/// Which meter to archive.
#[derive(InputObject)]
pub struct ArchiveMeterInput {
    /// Which meter.
    meter_id: ID,
    /// Refuse with CONFLICT unless the meter is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createMeter` answers.
    CreateMeterPayload of MeterChanged {
        /// The new meter.
        "meter": Meter => |changed| Some(changed.meter),
    }
}
payload! {
    /// What `updateMeter` answers.
    UpdateMeterPayload of MeterChanged {
        /// The meter as it is now.
        "meter": Meter => |changed| Some(changed.meter),
    }
}
payload! {
    /// What `archiveMeter` answers.
    ArchiveMeterPayload of MeterChanged {
        /// The meter as it is now.
        "meter": Meter => |changed| Some(changed.meter),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createMeter",
            "Creates a meter, by which the use of a feature is recorded. Errors: VALIDATION_ERROR, DUPLICATE_HANDLE (the \
             code is taken), ENTITLEMENT_NOT_FOUND (there is no such feature, or it is archived), \
             FEATURE_ALREADY_METERED.",
            Scope::Write,
            |on, running, input: CreateMeterInput| {
                run::<_, _, CreateMeterPayload>(on, running, input.read(), create_meter)
            },
        ),
        Mutation::new(
            "updateMeter",
            "Renames a meter. What it counts is never changed. Errors: VALIDATION_ERROR, METER_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateMeterInput| {
                run::<_, _, UpdateMeterPayload>(on, running, input.read(), update_meter)
            },
        ),
        Mutation::new(
            "archiveMeter",
            "Archives a meter: nothing more is recorded by it; what was recorded is still billed. One that is archived \
             stays as it is, and its feature gets no other. Errors: VALIDATION_ERROR, METER_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: ArchiveMeterInput| {
                let version = input.expected_version;
                let meter = Check::input(|check| check.take("meterId", check::id(input.meter_id)));
                run::<_, _, ArchiveMeterPayload>(on, running, meter, |call, meter| archive_meter(call, *meter, version))
            },
        ),
    ]
}
