//! Tables of cases whose answers are written down in the sources, run against the pure functions.

mod prices;
mod schedules;
