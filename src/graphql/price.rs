use super::check::{self, Check};
use super::scalars::Decimal;
use crate::domain::price::Tier;
use crate::domain::subscribing::request::NewPrice;
#[derive(async_graphql::InputObject)]
pub struct PriceInput {
    name: String,
}
impl PriceInput {
    pub fn read(self, _: &mut Check) -> Option<NewPrice> {
        None
    }
}
#[derive(async_graphql::InputObject)]
pub struct TierInput {
    unit_amount: Decimal,
}
impl TierInput {
    pub fn read(_: &mut Check, _: Self) -> Option<Tier> {
        None
    }
}
