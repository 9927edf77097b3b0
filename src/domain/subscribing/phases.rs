//! Phases: stretches of a subscription's life with prices of their own (`flexprice.md` §1.8). That they follow one
//! another was checked with the arguments.

use super::Cx;
use super::extras::position;
use super::request::{NewItem, PriceOverride};
use crate::domain::Instant;
use crate::domain::subscription::parts::SubscriptionPhase;

/// The phases, and what each of them changes.
pub(super) struct Phases<'a> {
    pub rows: Vec<SubscriptionPhase>,
    pub spans: Vec<Span<'a>>,
}

/// `[start, end)` with the overrides and the items of that time, and where in the request they stand.
pub(super) struct Span<'a> {
    pub start: Instant,
    pub end: Option<Instant>,
    pub overrides: &'a [PriceOverride],
    pub items: &'a [NewItem],
    pub path: Vec<String>,
}

pub(super) fn decide<'a>(cx: &Cx<'a>) -> Phases<'a> {
    let row = |(index, phase): (usize, &super::request::NewPhase)| SubscriptionPhase {
        id: cx.id(),
        subscription_id: cx.situation.subscription_id,
        position: position(index),
        start_date: phase.start_date,
        end_date: phase.end_date,
        metadata: phase.metadata.clone(),
    };
    let span = |(index, phase): (usize, &'a super::request::NewPhase)| Span {
        start: phase.start_date,
        end: phase.end_date,
        overrides: &phase.price_overrides,
        items: &phase.additional_items,
        path: vec!["phases".to_owned(), index.to_string()],
    };
    Phases {
        rows: cx.request.phases.iter().enumerate().map(row).collect(),
        spans: cx.request.phases.iter().enumerate().map(span).collect(),
    }
}
