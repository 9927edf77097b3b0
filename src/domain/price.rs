//! How an amount follows from a quantity (`flexprice.md` §3.9).

use super::choice::choice;
use bigdecimal::BigDecimal;

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
