//! Add-ons: what a customer takes beside its plan (`billwerk.md` §5).

use super::choice::choice;
use super::eligible_plans::EligiblePlans;
use super::feature::CatalogueState;
use super::price::PriceModel;
use super::pricing::TaxRate;
use super::text::Metadata;
use super::{Currency, Entity, ErrorCode, Id, Instant, Refusal};
use bigdecimal::BigDecimal;
use std::borrow::Cow;

/// Something that is taken beside a plan, and billed with it.
#[derive(Clone, Debug)]
pub struct AddOn {
    pub id: Id<AddOn>,
    /// Unique in the tenant, and never changed.
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    pub add_on_type: AddOnType,
    /// Never changed.
    pub currency: Currency,
    /// What one costs a period: an exact decimal in the currency's major unit.
    pub unit_amount: BigDecimal,
    /// Whether the amount includes tax; the tenant's setting where there is none.
    pub amount_includes_tax: Option<bool>,
    /// A fraction, such as 0.25; the tenant's where there is none.
    pub tax_rate: Option<TaxRate>,
    /// The plans that it goes with.
    pub eligible_plans: EligiblePlans,
    pub state: CatalogueState,
    pub metadata: Metadata,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for AddOn {
    const NAME: &'static str = "AddOn";
    const PREFIX: &'static str = "add";
}

choice! {
    /// Whether an add-on has a quantity.
    pub enum AddOnType {
        /// It is taken or not.
        OnOff = "ON_OFF",
        /// Several can be taken.
        Quantity = "QUANTITY",
    }
}

/// The most that a subscription takes of one add-on.
pub const MOST_QUANTITY: i32 = 1_000_000;

/// What one costs a period: not negative, perhaps finer than its currency. Where the currency is not known yet, what
/// holds in all of them is asked.
pub fn unit_amount(amount: BigDecimal, currency: Option<Currency>) -> Result<BigDecimal, Cow<'static, str>> {
    match PriceModel::try_per_unit(amount.clone(), currency) {
        Ok(_) => Ok(amount),
        Err(wrong) => Err(wrong.into_iter().next().map_or(Cow::Borrowed("This is no amount."), |wrong| wrong.message)),
    }
}

impl AddOnType {
    /// Refuses a change back: who has several of an add-on cannot have it on or off.
    pub fn may_become(self, new: AddOnType) -> Result<(), Refusal> {
        match (self, new) {
            (AddOnType::Quantity, AddOnType::OnOff) => {
                let message = "An add-on with a quantity stays one: make another add-on.";
                Err(Refusal::new(ErrorCode::AddOnTypeNotChangeable, message).at(&["addOnType"]))
            }
            _ => Ok(()),
        }
    }
}

impl AddOn {
    /// Refuses where the add-on is archived, as if there were none.
    pub fn offered(&self) -> Result<(), Refusal> {
        match self.state {
            CatalogueState::Active => Ok(()),
            CatalogueState::Deleted => Err(not_found()),
        }
    }

    /// Refuses a plan that it is not offered with.
    pub fn goes_with(&self, plan_code: &str) -> Result<(), Refusal> {
        if self.eligible_plans.include(plan_code) {
            return Ok(());
        }
        let message = format!("{} is not offered with the plan {plan_code}.", self.code);
        Err(Refusal::new(ErrorCode::AddOnNotEligible, message))
    }

    /// How many are taken: 1 where nothing is said, and nothing may be said where it is on or off.
    pub fn quantity(&self, wanted: Option<i32>) -> Result<i32, Refusal> {
        match (self.add_on_type, wanted) {
            (_, None) => Ok(1),
            (AddOnType::OnOff, Some(_)) => {
                let message = format!("{} is on or off: leave the quantity out.", self.code);
                Err(Refusal::new(ErrorCode::AddOnQuantityNotAllowed, message))
            }
            (AddOnType::Quantity, Some(quantity @ 1..=MOST_QUANTITY)) => Ok(quantity),
            (AddOnType::Quantity, Some(_)) => {
                let message = format!("Between 1 and {MOST_QUANTITY} of an add-on can be taken.");
                Err(Refusal::new(ErrorCode::ValidationError, message))
            }
        }
    }
}

/// The refusal for an add-on that the tenant does not offer.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::AddOnNotFound, "There is no such add-on.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::decimal;
    use uuid::Uuid;

    fn add_on(add_on_type: AddOnType, state: CatalogueState) -> AddOn {
        let at = "2025-01-31T12:00:00Z".parse().unwrap();
        AddOn {
            id: Id::new(Uuid::from_u128(1)),
            code: "storage".to_owned(),
            name: "Storage".to_owned(),
            description: None,
            add_on_type,
            currency: Currency::EUR,
            unit_amount: BigDecimal::from(5),
            amount_includes_tax: None,
            tax_rate: None,
            eligible_plans: EligiblePlans::Only(vec!["pro".to_owned()]),
            state,
            metadata: Metadata::empty(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn an_add_on_that_is_on_or_off_has_no_quantity() {
        let quantity = |add_on_type, wanted| {
            let quantity = add_on(add_on_type, CatalogueState::Active).quantity(wanted);
            quantity.map_err(|refusal| refusal.code)
        };
        assert_eq!(quantity(AddOnType::OnOff, None), Ok(1));
        for wanted in [0, 1, 2] {
            let refused = Err(ErrorCode::AddOnQuantityNotAllowed);
            assert_eq!(quantity(AddOnType::OnOff, Some(wanted)), refused, "{wanted}, even 1");
        }
        for (wanted, taken) in [(None, 1), (Some(1), 1), (Some(MOST_QUANTITY), MOST_QUANTITY)] {
            assert_eq!(quantity(AddOnType::Quantity, wanted), Ok(taken));
        }
        for wanted in [i32::MIN, 0, MOST_QUANTITY + 1] {
            assert_eq!(quantity(AddOnType::Quantity, Some(wanted)), Err(ErrorCode::ValidationError), "{wanted}");
        }
        assert_eq!(ErrorCode::AddOnQuantityNotAllowed.number(), Some(115));
    }

    #[test]
    fn an_add_on_goes_with_some_plans_while_it_is_offered() {
        let [active, deleted] =
            [CatalogueState::Active, CatalogueState::Deleted].map(|state| add_on(AddOnType::OnOff, state));
        assert_eq!(active.goes_with("pro"), Ok(()));
        assert_eq!(active.goes_with("basic").unwrap_err().code.number(), Some(116));
        assert_eq!(AddOn { eligible_plans: EligiblePlans::All, ..active.clone() }.goes_with("basic"), Ok(()));
        assert_eq!(active.offered(), Ok(()));
        assert_eq!(deleted.offered().unwrap_err().code.number(), Some(113));
    }

    #[test]
    fn an_add_on_gets_a_quantity_and_never_loses_it() {
        use AddOnType::{OnOff, Quantity};
        for (from, to) in [(OnOff, OnOff), (OnOff, Quantity), (Quantity, Quantity)] {
            assert_eq!(from.may_become(to), Ok(()));
        }
        assert_eq!(Quantity.may_become(OnOff).unwrap_err().code.number(), Some(153));
    }

    #[test]
    fn an_amount_may_be_finer_than_its_currency() {
        let read = |text: &str, currency| unit_amount(decimal(text).unwrap(), currency).is_ok();
        for text in ["0", "9.99", "0.000000000001"] {
            assert!(read(text, None) && read(text, Some(Currency::EUR)), "{text}");
        }
        for text in ["-0.01", "0.0000000000001"] {
            assert!(!read(text, None) && !read(text, Some(Currency::EUR)), "{text}");
        }
        assert!(!read("10000000000.01", Some(Currency::EUR)) && read("10000000000.01", None));
    }
}
