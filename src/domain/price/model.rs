//! How an amount follows from a quantity (`flexprice.md` §3.9).

use crate::domain::choice::choice;
use crate::domain::exact::Ratio;
use crate::domain::money::{LARGEST, NotAnAmount};
use crate::domain::{Currency, Money};
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::Sign;
use bigdecimal::num_traits::Zero;
use std::borrow::Cow;

choice! {
    /// How the amount of a price follows from the quantity.
    pub enum BillingModel {
        /// A fee for each of the quantity, in the currency's own digits.
        FlatFee = "FLAT_FEE",
        /// An exact price for each unit, which may be finer than the currency's own digits.
        PerUnit = "PER_UNIT",
        /// A price for each package of several units.
        Package = "PACKAGE",
        /// Prices that depend on how many units there are.
        Tiered = "TIERED",
    }
}

choice! {
    /// How tiers are applied.
    pub enum TierMode {
        /// The tier that the quantity reaches prices all units.
        Volume = "VOLUME",
        /// Each tier prices the units that fall into it (graduated).
        Slab = "SLAB",
    }
}

choice! {
    /// What becomes of a package that is not full.
    pub enum PackageRounding {
        /// It counts as a whole one.
        Up = "UP",
        /// It does not count.
        Down = "DOWN",
    }
}

/// A price model with its amounts: exact decimals in the currency's major unit, such as euros.
#[derive(Clone, PartialEq, Debug)]
pub enum PriceModel {
    FlatFee { amount: BigDecimal },
    PerUnit { unit_amount: BigDecimal },
    Package { amount: BigDecimal, size: i64, rounding: PackageRounding },
    Tiered { mode: TierMode, tiers: Vec<Tier> },
}

/// One tier: the units above the tier before, up to and including `up_to`.
#[derive(Clone, PartialEq, Debug)]
pub struct Tier {
    /// None in the last tier.
    pub up_to: Option<BigDecimal>,
    pub unit_amount: BigDecimal,
    /// Once, where any unit falls into the tier.
    pub flat_amount: BigDecimal,
}

/// The most tiers of one price, and the most units of one package.
pub const MOST_TIERS: usize = 100;
pub const MOST_PACKAGE: i64 = 1_000_000_000;
/// The most digits after the point of an exact price or of a quantity.
pub const MOST_PLACES: u8 = 12;

/// One thing that is wrong with a price: which part, and a message for the client.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct WrongPart {
    pub part: Part,
    pub message: Cow<'static, str>,
}

/// A part of a price; tiers are counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Amount,
    PackageSize,
    PackageRounding,
    TierMode,
    Tiers,
    UpTo(usize),
    TierUnitAmount(usize),
    FlatAmount(usize),
    Cadence,
    BillingPeriod,
    Feature,
}

impl Part {
    /// Where the part stands in an input, as the API spells it: `tiers`, `1`, `upTo`.
    pub fn path(self) -> Vec<Cow<'static, str>> {
        let tier = |at: usize, name| vec!["tiers".into(), at.to_string().into(), Cow::Borrowed(name)];
        match self {
            Part::Amount => vec!["amount".into()],
            Part::PackageSize => vec!["packageSize".into()],
            Part::PackageRounding => vec!["packageRounding".into()],
            Part::TierMode => vec!["tierMode".into()],
            Part::Tiers => vec!["tiers".into()],
            Part::UpTo(at) => tier(at, "upTo"),
            Part::TierUnitAmount(at) => tier(at, "unitAmount"),
            Part::FlatAmount(at) => tier(at, "flatAmount"),
            Part::Cadence => vec!["cadence".into()],
            Part::BillingPeriod => vec!["billingPeriod".into()],
            Part::Feature => vec!["featureCode".into()],
        }
    }
}

/// What is wrong with the parts that were looked at.
#[derive(Default)]
struct Wrong(Vec<WrongPart>);

impl Wrong {
    fn say(&mut self, part: Part, message: impl Into<Cow<'static, str>>) {
        self.0.push(WrongPart { part, message: message.into() });
    }

    /// An amount that may be finer than the currency: not negative, at most [`LARGEST`].
    fn exact(&mut self, part: Part, amount: &BigDecimal, currency: Option<Currency>) {
        let most = currency.map(|currency| BigDecimal::new(LARGEST.into(), currency.digits().into()));
        if amount.sign() == Sign::Minus {
            self.say(part, NotAnAmount::Negative.to_string());
        } else if too_fine(amount) {
            self.say(part, format!("This amount is too fine: at most {MOST_PLACES} digits after the point."));
        } else if most.is_some_and(|most| *amount > most) {
            self.say(part, NotAnAmount::TooLarge.to_string());
        }
    }

    fn or(self, model: PriceModel) -> Result<PriceModel, Vec<WrongPart>> {
        if self.0.is_empty() { Ok(model) } else { Err(self.0) }
    }
}

fn too_fine(value: &BigDecimal) -> bool {
    value.normalized().fractional_digit_count() > MOST_PLACES.into()
}

/// Where the currency is not known yet, these ask only for what holds in all of them.
impl PriceModel {
    /// A fee for each: in the currency's own digits.
    pub fn try_flat_fee(amount: BigDecimal, currency: impl Into<Option<Currency>>) -> Result<Self, Vec<WrongPart>> {
        let mut wrong = Wrong::default();
        match currency.into() {
            None => wrong.exact(Part::Amount, &amount, None),
            Some(currency) => {
                if let Err(error) = Money::try_price(&amount, currency) {
                    wrong.say(Part::Amount, error.to_string());
                }
            }
        }
        wrong.or(PriceModel::FlatFee { amount })
    }

    /// An exact price for each unit: at most [`MOST_PLACES`] digits after the point.
    pub fn try_per_unit(
        unit_amount: BigDecimal,
        currency: impl Into<Option<Currency>>,
    ) -> Result<Self, Vec<WrongPart>> {
        let mut wrong = Wrong::default();
        wrong.exact(Part::Amount, &unit_amount, currency.into());
        wrong.or(PriceModel::PerUnit { unit_amount })
    }

    /// A price for each package of `size` units: 1 to [`MOST_PACKAGE`].
    pub fn try_package(
        amount: BigDecimal,
        size: i64,
        rounding: PackageRounding,
        currency: impl Into<Option<Currency>>,
    ) -> Result<Self, Vec<WrongPart>> {
        let mut wrong = Wrong::default();
        wrong.exact(Part::Amount, &amount, currency.into());
        if !(1..=MOST_PACKAGE).contains(&size) {
            wrong.say(Part::PackageSize, format!("A package has between 1 and {MOST_PACKAGE} units."));
        }
        wrong.or(PriceModel::Package { amount, size, rounding })
    }

    /// Tiers that go upwards, 1 to [`MOST_TIERS`] of them; the last one, and only that, is open.
    pub fn try_tiered(
        mode: TierMode,
        tiers: Vec<Tier>,
        currency: impl Into<Option<Currency>>,
    ) -> Result<Self, Vec<WrongPart>> {
        let (mut wrong, currency) = (Wrong::default(), currency.into());
        if !(1..=MOST_TIERS).contains(&tiers.len()) {
            wrong.say(Part::Tiers, format!("Between 1 and {MOST_TIERS} tiers are taken, not {}.", tiers.len()));
        }
        let last = tiers.len().saturating_sub(1);
        let mut below = BigDecimal::zero();
        for (at, tier) in tiers.iter().enumerate() {
            wrong.exact(Part::TierUnitAmount(at), &tier.unit_amount, currency);
            wrong.exact(Part::FlatAmount(at), &tier.flat_amount, currency);
            match &tier.up_to {
                Some(_) if at == last => wrong.say(Part::UpTo(at), "The last tier is open: leave out where it ends."),
                Some(up_to) if *up_to <= below => {
                    let below = below.normalized().to_plain_string();
                    wrong.say(Part::UpTo(at), format!("Tiers go upwards: this one must end above {below}."));
                }
                Some(up_to) if *up_to > LARGEST => wrong.say(Part::UpTo(at), "This quantity is too large."),
                Some(up_to) if too_fine(up_to) => {
                    let message = format!("This quantity is too fine: at most {MOST_PLACES} digits after the point.");
                    wrong.say(Part::UpTo(at), message);
                }
                Some(up_to) => below.clone_from(up_to),
                None if at < last => wrong.say(Part::UpTo(at), "Only the last tier is open: say where this one ends."),
                None => {}
            }
        }
        wrong.or(PriceModel::Tiered { mode, tiers })
    }

    pub fn billing_model(&self) -> BillingModel {
        match self {
            PriceModel::FlatFee { .. } => BillingModel::FlatFee,
            PriceModel::PerUnit { .. } => BillingModel::PerUnit,
            PriceModel::Package { .. } => BillingModel::Package,
            PriceModel::Tiered { .. } => BillingModel::Tiered,
        }
    }

    /// What one unit, or one package, costs. Tiers have no single answer.
    pub fn unit_amount(&self) -> Option<&BigDecimal> {
        match self {
            PriceModel::FlatFee { amount } | PriceModel::Package { amount, .. } => Some(amount),
            PriceModel::PerUnit { unit_amount } => Some(unit_amount),
            PriceModel::Tiered { .. } => None,
        }
    }

    /// What a quantity costs for a whole period: exact, in the currency's major unit (`flexprice.md` §3.9). Nothing is
    /// charged for a quantity of zero or below, not even the flat amount of a tier.
    pub fn amount(&self, quantity: &BigDecimal) -> BigDecimal {
        if quantity.sign() != Sign::Plus {
            return BigDecimal::zero();
        }
        match self {
            PriceModel::FlatFee { amount } => amount * quantity,
            PriceModel::PerUnit { unit_amount } => unit_amount * quantity,
            PriceModel::Package { amount, size, rounding } => amount * packages(quantity, *size, *rounding),
            PriceModel::Tiered { mode: TierMode::Volume, tiers } => volume(tiers, quantity),
            PriceModel::Tiered { mode: TierMode::Slab, tiers } => slab(tiers, quantity),
        }
    }
}

/// How many packages of `size` units a quantity is.
fn packages(quantity: &BigDecimal, size: i64, rounding: PackageRounding) -> BigDecimal {
    let packages = Ratio::scaled(quantity, 0).and_then(|units| units.part(1, size));
    packages.map_or_else(BigDecimal::zero, |packages| match rounding {
        PackageRounding::Up => packages.up().into(),
        PackageRounding::Down => packages.down().into(),
    })
}

/// The whole quantity at the tier that it reaches, and that tier's flat amount.
fn volume(tiers: &[Tier], quantity: &BigDecimal) -> BigDecimal {
    let reached = tiers.iter().find(|tier| tier.up_to.as_ref().is_none_or(|up_to| quantity <= up_to));
    reached.map_or_else(BigDecimal::zero, |tier| quantity * &tier.unit_amount + &tier.flat_amount)
}

/// The units of each tier at its own price, and the flat amount of each tier that has any.
fn slab(tiers: &[Tier], quantity: &BigDecimal) -> BigDecimal {
    let mut amount = BigDecimal::zero();
    let mut below = &BigDecimal::zero();
    for tier in tiers {
        if quantity <= below {
            break;
        }
        let above = tier.up_to.as_ref().filter(|up_to| *up_to < quantity).unwrap_or(quantity);
        amount += (above - below) * &tier.unit_amount + &tier.flat_amount;
        below = above;
    }
    amount
}

#[cfg(test)]
mod tests;
