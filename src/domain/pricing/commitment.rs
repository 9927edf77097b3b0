//! Commitments: a minimum for usage, what lies beyond it, and what is missing (`flexprice.md` §1.5, `decisions.md` 16).
//! Nothing is rounded here: each charge that comes out is rounded like any other, once.

use super::super::calendar::local;
use super::super::exact::Ratio;
use super::super::period::{BillingPeriod, Period};
use super::super::price::PriceModel;
use super::super::schedule::{Grid, Interval};
use super::super::subscription::Commitment;
use super::super::{Currency, Instant, Zone};
use super::line::{Charge, LineKind, Portion};
use super::tax::Tax;
use super::{Money, NotABill};
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::One;

/// The stretch of time over which usage is counted against a commitment, as a billing period sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitmentWindow {
    /// The billing periods that begin in it are counted together.
    pub period: Period,
    /// Whether the billing period is the last that is counted in it.
    pub closes: bool,
    /// How what lies within the commitment is shared among the charges.
    share: Share,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Share {
    /// The first charges have it: where each period is its own window.
    InOrder,
    /// Each charge has its part of it: where several periods have one window.
    InProportion,
}

impl CommitmentWindow {
    /// A billing period that is its own window.
    pub fn own(period: Period) -> Self {
        CommitmentWindow { period, closes: true, share: Share::InOrder }
    }
}

impl Commitment {
    /// The window that a billing period is counted in.
    ///
    /// Windows follow one another from the subscription's `start` on, in its zone, each as long as the commitment. A
    /// billing period belongs to the one in which it begins, and closes it where it reaches its end, so that each is
    /// counted once. Where a commitment is no longer than a billing period, or has no length, each period is its own
    /// window.
    pub fn window(
        &self,
        start: Instant,
        zone: Zone,
        billing_period: Option<(BillingPeriod, Interval)>,
        period: Period,
    ) -> CommitmentWindow {
        let Some(duration) = self.duration else { return CommitmentWindow::own(period) };
        let same = |(unit, count): (BillingPeriod, Interval)| unit.length(count.into()) == duration.length(1);
        if billing_period.is_some_and(same) {
            return CommitmentWindow::own(period);
        }
        let grid = Grid::new(local(start, zone), duration);
        let place = grid.last_by_moment(period.start, zone);
        match grid.moment(place, zone).zip(grid.moment(place + 1, zone)) {
            Some((begin, end)) if begin < period.start || period.end < end => CommitmentWindow {
                period: Period { start: begin, end },
                closes: end <= period.end,
                share: Share::InProportion,
            },
            _ => CommitmentWindow::own(period),
        }
    }
}

/// What the line over an unused rest is called, and what else it says.
#[derive(Clone, PartialEq, Debug)]
pub struct TrueUp {
    pub description: String,
    pub plan_version: Option<i32>,
    pub period: Option<Period>,
    pub tax: Tax,
}

/// What is billed under a commitment.
#[derive(Clone, PartialEq, Debug)]
pub struct Committed {
    /// In the order of the charges, each overage behind what it goes beyond; the true-up last.
    pub charges: Vec<Charge>,
    /// What was used in the window so far, this period included: exact, in minor units, without factors.
    pub used: Ratio,
}

/// Holds the usage of a period to a commitment: all usage charges of the subscription, or those of the one item that the
/// commitment is for. `used` is what was used in the window before, as [`Committed::used`] had it.
///
/// What lies within the commitment stays as it is, the rest becomes overage and is multiplied by the factor. Where the
/// period closes the window and less was used, the true-up is the difference. A commitment of nothing holds nobody.
pub fn hold_to(
    commitment: &Commitment,
    window: &CommitmentWindow,
    used: Ratio,
    charges: Vec<Charge>,
    true_up: TrueUp,
    currency: Currency,
) -> Result<Committed, NotABill> {
    let amounts = charges.iter().map(|charge| charge.exact(currency)).collect::<Result<Vec<_>, _>>()?;
    let current = amounts.iter().cloned().fold(Ratio::new(0, 1), Ratio::plus);
    let total = used.clone().plus(current.clone());
    let Some(least) = commitment.amount.filter(|amount| amount.minor > 0) else {
        return Ok(Committed { charges, used: total });
    };
    if least.currency != currency {
        return Err(NotABill::CurrencyMismatch);
    }
    let rest = |spent: Ratio| Some(Ratio::new(least.minor, 1).minus(spent)).filter(Ratio::is_positive);
    let left = rest(used).unwrap_or(Ratio::new(0, 1));
    let within = match window.share {
        Share::InOrder => in_order(&amounts, left),
        Share::InProportion => in_proportion(&amounts, &current, &left),
    };
    let mut held = Vec::with_capacity(charges.len() + 1);
    for ((charge, amount), within) in charges.into_iter().zip(amounts).zip(within) {
        held.extend(split(charge, amount, within, &commitment.overage_factor));
    }
    let missing = rest(total.clone()).filter(|_| window.closes && commitment.true_up);
    held.extend(missing.map(|missing| true_up.charge(least, missing)));
    Ok(Committed { charges: held, used: total })
}

/// How much of each charge the commitment still covers, where the first ones use it up.
fn in_order(amounts: &[Ratio], mut left: Ratio) -> Vec<Ratio> {
    let mut take = |amount: &Ratio| {
        let within = amount.clone().at_most(&left);
        left = left.clone().minus(within.clone());
        within
    };
    amounts.iter().map(&mut take).collect()
}

/// The same, where each charge has the same part covered.
fn in_proportion(amounts: &[Ratio], current: &Ratio, left: &Ratio) -> Vec<Ratio> {
    match left.over(current).filter(|_| current.clone().minus(left.clone()).is_positive()) {
        Some(part) => amounts.iter().map(|amount| amount.times(&part)).collect(),
        None => amounts.to_vec(),
    }
}

/// A charge of which so much lies within the commitment, and the charge for what lies beyond it.
fn split(charge: Charge, amount: Ratio, within: Ratio, factor: &BigDecimal) -> Vec<Charge> {
    let beyond = amount.minus(within.clone());
    if !beyond.is_positive() {
        return vec![charge];
    }
    let overage = Charge {
        kind: LineKind::Overage,
        portion: Some(Portion { amount: beyond, factor: factor.clone() }),
        ..charge.clone()
    };
    let covered = within
        .is_positive()
        .then(|| Charge { portion: Some(Portion { amount: within, factor: BigDecimal::one() }), ..charge });
    covered.into_iter().chain([overage]).collect()
}

impl TrueUp {
    /// The charge for what is missing of a commitment.
    fn charge(self, least: Money, missing: Ratio) -> Charge {
        Charge {
            kind: LineKind::TrueUp,
            description: self.description,
            price_id: None,
            plan_version: self.plan_version,
            reference: None,
            model: PriceModel::FlatFee { amount: least.decimal() },
            quantity: BigDecimal::one(),
            proration: None,
            portion: Some(Portion { amount: missing, factor: BigDecimal::one() }),
            minimum_prorated_amount: None,
            period: self.period,
            tax: self.tax,
            credit: false,
        }
    }
}
