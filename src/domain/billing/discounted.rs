//! From charges to a bill: the discounts that run come off, and lines of nothing are left out.

use super::charges::unbillable;
use crate::domain::price::Price;
use crate::domain::pricing::{AppliedDiscount, Bill, Charge, Charges, LineKind, Stacking, bill};
use crate::domain::subscribing::Agreement;
use crate::domain::subscription::parts::SubscriptionDiscount;
use crate::domain::{Id, Instant, Refusal};

impl Agreement {
    /// Bills, with the discounts that run at the moment `at`, and leaves lines of the plan that come to nothing out where
    /// there are others and the plan does not want them (`billwerk.md` §3).
    pub(in crate::domain) fn bill_without_zeros(&self, charges: Vec<Charge>, at: Instant) -> Result<Bill, Refusal> {
        let whole = self.bill(charges.clone(), at)?;
        let zero = |index: usize| {
            let line = whole.lines.get(index);
            line.is_some_and(|line| [LineKind::Plan, LineKind::Usage].contains(&line.kind) && line.amount.minor == 0)
        };
        let dropped = (0..charges.len()).any(zero);
        let others: Vec<Charge> =
            charges.into_iter().enumerate().filter(|(index, _)| !zero(*index)).map(|(_, charge)| charge).collect();
        if self.plan.include_zero_amount || others.is_empty() || !dropped {
            return Ok(whole);
        }
        self.bill(others, at)
    }

    /// Bills, with the discounts that run at the moment `at`: the start of what is billed, as of which items are, too.
    pub(in crate::domain) fn bill(&self, mut charges: Vec<Charge>, at: Instant) -> Result<Bill, Refusal> {
        // The customer's country goes before what the plan and its parts say (`billwerk.md` §7).
        if let Some(rate) = self.country_tax {
            charges.iter_mut().for_each(|charge| charge.tax.rate = rate);
        }
        let running = |discount: &&SubscriptionDiscount| {
            let dated = discount.start_date <= at && discount.end_date.is_none_or(|end| at < end);
            dated && discount.terms.running(discount.start_date, discount.uses, at, self.subscription.timezone)
        };
        // A price of the plan may be billed by another one, which stands for it.
        let billed = |target| {
            let mut prices = charges.iter().filter_map(|charge| charge.price_id);
            prices.find(|price| stands_for(&self.prices, *price, target)).unwrap_or(target)
        };
        let applied = |discount: &SubscriptionDiscount| AppliedDiscount {
            reference: discount.id.untyped(),
            name: discount.name.clone(),
            value: discount.terms.value,
            applies_to: discount.terms.applies_to.clone(),
            price_id: discount.price_id.map(billed),
        };
        let discounts = self.discounts.iter().filter(running).map(applied).collect();
        let made = bill(Charges {
            currency: self.subscription.currency,
            zone: self.subscription.timezone,
            charges,
            discounts,
            stacking: Stacking { order: self.settings.discount_order, base: self.settings.percentage_base },
        });
        made.map_err(unbillable)
    }

    /// Notes which discounts a bill took.
    pub(in crate::domain) fn count_discounts(&mut self, bill: &Bill) {
        for discount in &mut self.discounts {
            let reference = discount.id.untyped();
            let takes = |line: &crate::domain::pricing::Line| line.reduces.is_some_and(|it| it.discount == reference);
            discount.uses += i32::from(bill.lines.iter().any(takes));
        }
    }
}

/// Whether a price is the one that is meant, or one of the subscription's own in its place.
pub(in crate::domain) fn stands_for(prices: &[Price], price: Id<Price>, meant: Id<Price>) -> bool {
    let own = |known: &&Price| known.id == price && known.parent_price_id == Some(meant);
    price == meant || prices.iter().any(|known| own(&known))
}
