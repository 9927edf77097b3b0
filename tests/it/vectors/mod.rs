//! Tables of cases whose answers are written down in the sources: run against the pure functions, and over HTTP.

mod over_http;
mod prices;
mod schedules;
