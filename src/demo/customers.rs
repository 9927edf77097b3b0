//! Who rents from the demo tenant.

use super::dice::Dice;
use super::lists::{BRANCHES, COMPANIES, FIRST_NAMES, LAST_NAMES, PHONES, TRADES};
use super::plan::{Plan, PlannedCustomer, PlannedGroup, metadata};
use crate::app::customer::CreateCustomer;
use chrono_tz::Europe;

const PEOPLE: usize = 60;

/// Adds the customers: companies first, then their branches, then people. Answers how many are no people.
pub fn add(plan: &mut Plan, dice: &mut Dice) -> usize {
    for (place, name) in COMPANIES.iter().enumerate() {
        let (trade, industry) = dice.pick(TRADES);
        let address = format!("it@{}.example.com", slug(name));
        let kept = serde_json::json!({"industry": industry, "paymentTerms": dice.pick(&["net 7", "net 14", "net 30"])});
        plan.customers.push(customer(dice, place, format!("{name} {trade}"), address, &kept));
        if place >= 2 && dice.one_in(2) {
            let billing_day = dice.pick(&[1, 5, 15, 20]);
            plan.groups.push(PlannedGroup { customer: place, name: "One invoice a month", billing_day });
        }
    }
    // Every other company has a branch.
    for (parent, name) in COMPANIES.iter().enumerate().step_by(2) {
        let place = plan.customers.len();
        let branch = dice.pick(BRANCHES);
        let address = format!("{}@{}.example.com", slug(branch), slug(name));
        let kept = serde_json::json!({"costCentre": format!("{}", dice.between(1_000, 9_999))});
        let mut branch = customer(dice, place, format!("{name} {branch} GmbH"), address, &kept);
        if branch.new.name.contains("Wien") {
            branch.new.timezone = Some(Europe::Vienna);
        }
        plan.customers.push(PlannedCustomer { parent: Some(parent), ..branch });
    }
    let companies = plan.customers.len();
    for (place, (first, last)) in people().take(PEOPLE).enumerate() {
        let address = format!("{}.{}@example.org", slug(first), slug(last));
        let kept = if dice.one_in(3) { serde_json::json!({"newsletter": true}) } else { serde_json::json!({}) };
        plan.customers.push(customer(dice, companies + place, format!("{first} {last}"), address, &kept));
    }
    companies
}

/// First and last names in pairs of which no two are the same.
fn people() -> impl Iterator<Item = (&'static str, &'static str)> {
    (0..LAST_NAMES.len()).flat_map(|shift| {
        let last_names = LAST_NAMES.iter().cycle().skip(shift * 7);
        FIRST_NAMES.iter().copied().zip(last_names.copied())
    })
}

fn customer(dice: &mut Dice, place: usize, name: String, address: String, kept: &serde_json::Value) -> PlannedCustomer {
    let new = CreateCustomer {
        external_id: (!dice.one_in(4)).then(|| format!("CRM-{}", 10_001 + place)),
        name,
        email: Some(address),
        phone: (!dice.one_in(3)).then(|| format!("{}{:03}", dice.pick(PHONES), dice.below(1_000))),
        timezone: None,
        country: None,
        parent_customer_id: None,
        metadata: metadata(kept),
    };
    PlannedCustomer { new, parent: None }
}

/// A name as it stands in an address.
fn slug(name: &str) -> String {
    let letter = |letter: char| match letter {
        'ä' => "ae".to_owned(),
        'ö' => "oe".to_owned(),
        'ü' => "ue".to_owned(),
        'ç' => "c".to_owned(),
        other => other.to_string(),
    };
    name.to_lowercase().chars().map(letter).collect()
}
