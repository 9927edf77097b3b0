//! Money.

use super::engine::{Object, Type};
use crate::domain::Money;

impl Object for Money {
    fn declare() -> Type<Self> {
        Type::new("Money", "An exact amount in one currency, at the currency's own number of digits.")
            .column("amount", "The amount, such as \"129.00\".", |money: &Money| money)
            .column("currency", "The currency.", |money| &money.currency)
    }
}
