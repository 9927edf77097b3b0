//! The catalogue beside plans: features and what entitles to them, add-ons, discounts, coupons.

use super::plans::decimal;
use super::{Store, choice, day, id, instant, json, maybe, money};
use async_graphql::Value;
use perennial::domain::Id;
use perennial::domain::add_on::AddOn;
use perennial::domain::coupon::Coupon;
use perennial::domain::discount::{Discount, DiscountValue};
use perennial::domain::feature::{Entitlement, Feature};
use perennial::domain::tax::CountryTaxRate;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Read, add_on, coupon, discount, feature, plan, tax};

impl Store {
    pub fn catalogue(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<()> {
        feature::all(tenant).order("id").load(conn)?.iter().for_each(|row| self.feature(row));
        let add_ons = add_on::all(tenant).order("id").load(conn)?;
        add_ons.iter().for_each(|row| self.add_on(row));
        let add_ons: Vec<_> = add_ons.iter().map(|row| row.id).collect();
        feature::of_add_ons(tenant, &add_ons).load(conn)?.iter().for_each(|row| self.entitlement(row));
        let plans: Vec<_> = plan::all(tenant).load(conn)?.iter().map(|row| row.id).collect();
        feature::of_plans(tenant, &plans).load(conn)?.iter().for_each(|row| self.entitlement(row));
        discount::all(tenant).order("id").load(conn)?.iter().for_each(|row| self.discount(row));
        tax::all(tenant).order("id").load(conn)?.iter().for_each(|row| self.tax_rate(row));
        coupon::all(tenant).order("id").load(conn)?.iter().for_each(|row| self.coupon(row));
        Ok(())
    }

    fn tax_rate(&mut self, row: &CountryTaxRate) {
        self.add(
            "TaxRate",
            [
                ("id", id(row.id)),
                ("country", row.country.code().into()),
                ("name", row.name.clone().into()),
                ("rate", row.rate.decimal().to_plain_string().into()),
                ("validFrom", day(row.valid_from)),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn feature(&mut self, row: &Feature) {
        self.add(
            "Feature",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("name", row.name.clone().into()),
                ("description", maybe(row.description.as_deref(), Value::from)),
                ("featureType", choice(row.feature_type)),
                ("state", choice(row.state)),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn entitlement(&mut self, row: &Entitlement) {
        self.add(
            "Entitlement",
            [
                ("plan", maybe(row.plan_id, id)),
                ("addOn", maybe(row.add_on_id, id)),
                ("feature", id(row.feature_id)),
                ("usageLimit", maybe(row.terms.usage_limit, Value::from)),
                ("softLimit", row.terms.soft_limit.into()),
                ("resetPeriod", maybe(row.terms.reset_period, choice)),
                ("staticValue", maybe(row.terms.static_value.as_deref(), Value::from)),
            ],
        );
    }

    fn add_on(&mut self, row: &AddOn) {
        self.add(
            "AddOn",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("name", row.name.clone().into()),
                ("description", maybe(row.description.as_deref(), Value::from)),
                ("addOnType", choice(row.add_on_type)),
                ("currency", row.currency.code().into()),
                ("unitAmount", decimal(&row.unit_amount)),
                ("amountIncludesTax", maybe(row.amount_includes_tax, Value::from)),
                ("taxRate", maybe(row.tax_rate, |rate| decimal(&rate.decimal()))),
                ("allPlans", row.eligible_plans.is_all().into()),
                ("eligiblePlans", texts(row.eligible_plans.codes())),
                ("state", choice(row.state)),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn discount(&mut self, row: &Discount) {
        let (percentage, amount) = match row.terms.value {
            DiscountValue::Percentage(percentage) => (decimal(&percentage.decimal()), Value::Null),
            DiscountValue::Amount(amount) => (Value::Null, money(amount)),
        };
        self.add(
            "Discount",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("name", row.name.clone().into()),
                ("percentage", percentage),
                ("amount", amount),
                ("appliesTo", Value::List(row.terms.applies_to.iter().map(|target| choice(*target)).collect())),
                ("fixedCount", maybe(row.terms.fixed_count, Value::from)),
                ("fixedPeriod", maybe(row.terms.fixed_period, |period| period.length.into())),
                ("fixedPeriodUnit", maybe(row.terms.fixed_period, |period| choice(period.unit))),
                ("state", choice(row.state)),
                ("metadata", json(row.metadata.as_str())),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn coupon(&mut self, row: &Coupon) {
        self.add(
            "Coupon",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("name", row.name.clone().into()),
                ("discount", id(row.discount_id)),
                ("allPlans", row.eligible_plans.is_all().into()),
                ("eligiblePlans", texts(row.eligible_plans.codes())),
                ("maxRedemptions", maybe(row.max_redemptions, Value::from)),
                ("redemptions", row.redemptions.into()),
                ("validFrom", maybe(row.valid_from, instant)),
                ("validUntil", maybe(row.valid_until, instant)),
                ("redemptionStrategy", choice(row.strategy)),
                ("state", choice(row.state)),
                ("expireReason", maybe(row.expire_reason, choice)),
                ("version", row.version.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| text.clone().into()).collect())
}
