//! Money.

use super::engine::{Object, Type};
use super::scalars::{CurrencyCode, Decimal};
use crate::domain::Money;
use async_graphql::InputObject;

impl Object for Money {
    fn declare() -> Type<Self> {
        Type::new("Money", "An exact amount in one currency, at the currency's own number of digits.")
            .column("amount", "The amount, such as \"129.00\".", |money: &Money| money)
            .column("currency", "The currency.", |money| &money.currency)
    }
}

/// An exact amount in one currency.
#[derive(InputObject)]
pub struct MoneyInput {
    /// The amount, with at most the currency's own digits, such as "129.00".
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}
