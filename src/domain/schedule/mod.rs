//! When something is billed. One engine yields half-open periods; a plan's schedule, a billing cycle and a rental's
//! payments are three ways to set it up (`decisions.md` 12 to 14 and 22).
//!
//! - [`Grid`]: boundaries in local time.
//! - [`Schedule`]: from a start and a [`Rhythm`] to [`ScheduledPeriod`]s.
//! - [`PlanSchedule`], made from [`ScheduleSettings`]: what a plan says.
//! - [`RentalTerms`]: what a rental says.

mod engine;
mod grid;
#[cfg(test)]
mod laws;
mod plan;
mod rental;
mod settings;

pub use engine::{End, FirstBoundary, MonthSet, Periods, Rhythm, Schedule, ScheduledPeriod, proration};
pub use grid::Grid;
pub use plan::PlanSchedule;
pub use rental::RentalTerms;
pub use settings::{
    BillingCycle, Interval, NotAnInterval, PartialPeriodHandling, ScheduleMistake, ScheduleSettings, ScheduleType,
};
