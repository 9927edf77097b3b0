//! Lists, naively: every row is looked at, filtered, sorted, cut.

use super::store::{Row, text};
use super::types::{Types, named, screaming};
use async_graphql::indexmap::IndexMap;
use async_graphql::{Error, ErrorExtensions, Name, Value};
use bigdecimal::BigDecimal;
use perennial::domain::add_on::AddOn;
use perennial::domain::api_key::ApiKey;
use perennial::domain::asset::Asset;
use perennial::domain::billing::BillingHold;
use perennial::domain::billing_group::BillingGroup;
use perennial::domain::coupon::Coupon;
use perennial::domain::credit::Credit;
use perennial::domain::credit_note::CreditNote;
use perennial::domain::customer::Customer;
use perennial::domain::discount::Discount;
use perennial::domain::feature::Feature;
use perennial::domain::invoice::Invoice;
use perennial::domain::meter::Meter;
use perennial::domain::order::{Order, OrderItem};
use perennial::domain::payment::PaymentAttempt;
use perennial::domain::payment_method::{PaymentMethod, PaymentToken};
use perennial::domain::plan::Plan;
use perennial::domain::price::Price;
use perennial::domain::product::Product;
use perennial::domain::received::{Payment, Refund};
use perennial::domain::subscription::Subscription;
use perennial::domain::subscription::parts::{
    AdditionalCost, SubscriptionAddOn, SubscriptionDiscount, SubscriptionItem, SubscriptionPhase,
};
use perennial::domain::tax::CountryTaxRate;
use perennial::domain::tenant::Tenant;
use perennial::domain::trusted_document::TrustedDocument;
use perennial::domain::usage::UsageEvent;
use perennial::domain::{Currency, Date, Entity, Id, Instant, Money};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub fn bad_input() -> Error {
    Error::new("bad input").extend_with(|_, extensions| extensions.set("code", "BAD_USER_INPUT"))
}

/// The id of an object of this type in its usual form, from that or from a bare UUID.
pub fn id_of(ty: &str, given: &str) -> Option<String> {
    fn read<E: Entity>(given: &str) -> Option<String> {
        given.parse::<Id<E>>().ok().map(|id| id.to_string())
    }
    match ty {
        "AdditionalCost" => read::<AdditionalCost>(given),
        "AddOn" => read::<AddOn>(given),
        "ApiKey" => read::<ApiKey>(given),
        "Asset" => read::<Asset>(given),
        "BillingGroup" => read::<BillingGroup>(given),
        "BillingHold" => read::<BillingHold>(given),
        "Coupon" => read::<Coupon>(given),
        "Credit" => read::<Credit>(given),
        "CreditNote" => read::<CreditNote>(given),
        "Customer" => read::<Customer>(given),
        "Discount" => read::<Discount>(given),
        "Feature" => read::<Feature>(given),
        "Invoice" => read::<Invoice>(given),
        "Meter" => read::<Meter>(given),
        "Order" => read::<Order>(given),
        "OrderItem" => read::<OrderItem>(given),
        "Payment" => read::<Payment>(given),
        "PaymentAttempt" => read::<PaymentAttempt>(given),
        "PaymentMethod" => read::<PaymentMethod>(given),
        "PaymentToken" => read::<PaymentToken>(given),
        "Plan" => read::<Plan>(given),
        "Price" => read::<Price>(given),
        "Product" => read::<Product>(given),
        "Refund" => read::<Refund>(given),
        "TaxRate" => read::<CountryTaxRate>(given),
        "Subscription" => read::<Subscription>(given),
        "SubscriptionAddOn" => read::<SubscriptionAddOn>(given),
        "SubscriptionDiscount" => read::<SubscriptionDiscount>(given),
        "SubscriptionItem" => read::<SubscriptionItem>(given),
        "SubscriptionPhase" => read::<SubscriptionPhase>(given),
        "Tenant" => read::<Tenant>(given),
        "TrustedDocument" => read::<TrustedDocument>(given),
        "UsageEvent" => read::<UsageEvent>(given),
        _ => None,
    }
}

/// The cursors that the engine has given out: for which rows of which list in which order. They mean nothing by
/// themselves, so the oracle believes them where they first appeared and wants them again everywhere else.
#[derive(Default)]
pub struct Cursors {
    places: HashMap<String, (String, String, Arc<Row>)>,
    texts: HashMap<(String, String), String>,
}

impl Cursors {
    pub fn add(&mut self, order: &str, row: &Arc<Row>, cursor: &str) {
        let known = self.texts.insert((order.to_owned(), row.id().to_owned()), cursor.to_owned());
        assert!(known.is_none_or(|known| known == cursor), "one row has one cursor in one order");
        self.places.insert(cursor.to_owned(), (row.ty.to_owned(), order.to_owned(), row.clone()));
    }

    pub fn text(&self, order: &str, row: &Row) -> String {
        self.texts.get(&(order.to_owned(), row.id().to_owned())).cloned().unwrap_or("a cursor never seen".to_owned())
    }

    /// All cursors of a list, and the order of each.
    pub fn of<'c>(&'c self, ty: &'c str) -> impl Iterator<Item = (&'c str, &'c str)> {
        let own = self.places.iter().filter(move |(_, (known, ..))| known == ty);
        own.map(|(cursor, (_, order, _))| (cursor.as_str(), order.as_str()))
    }

    fn row(&self, ty: &str, order: &str, cursor: &str) -> Option<&Arc<Row>> {
        let (_, _, row) = self.places.get(cursor).filter(|(known, made_for, _)| known == ty && made_for == order)?;
        Some(row)
    }
}

/// The keys of an order with their directions: those that were given, without repetitions, and the id.
pub struct Sorting(Vec<(String, bool)>);

impl Sorting {
    pub fn read(types: &Types, ty: &str, given: &Value) -> Sorting {
        let given = match given {
            Value::List(keys) => keys.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        let mut keys: Vec<(String, bool)> = Vec::new();
        for key in &given {
            let Value::Object(key) = key else { panic!("an object: {key}") };
            let field = text(&key["field"]);
            let names = types.fields(ty).iter().map(|field| field.node.name.node.as_str());
            let name = names.into_iter().find(|name| screaming(name) == field).expect("a field to sort by");
            if keys.iter().all(|(known, _)| known != name) {
                keys.push((name.to_owned(), key.get("direction").is_some_and(|direction| text(direction) == "DESC")));
            }
        }
        let down = keys.last().is_none_or(|(_, down)| *down);
        keys.push(("id".to_owned(), down));
        Sorting(keys)
    }

    /// A name for this order, for what belongs to it.
    pub fn name(&self) -> String {
        self.0.iter().map(|(name, down)| format!("{name}{}", if *down { "-" } else { "+" })).collect()
    }

    pub fn sort(&self, rows: &mut [Arc<Row>]) {
        rows.sort_by(|a, b| self.compare(a, b));
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let by = |(name, down): &(String, bool)| {
            let order = key(a.cell(name)).cmp(&key(b.cell(name)));
            if *down { order.reverse() } else { order }
        };
        self.0.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A value that can be compared: an instant by its time, whatever its text.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Key {
    Int(i64),
    Time(Instant),
    Text(String),
}

fn key(value: &Value) -> Key {
    match value {
        Value::Number(number) => Key::Int(number.as_i64().expect("a whole number")),
        value => text(value).parse().map_or_else(|_| Key::Text(text(value).to_owned()), Key::Time),
    }
}

/// An amount and its currency.
fn amount(money: &Value) -> (BigDecimal, String) {
    let Value::Object(money) = money else { panic!("money: {money}") };
    (text(&money["amount"]).parse().expect("a decimal"), text(&money["currency"]).to_owned())
}

/// What the rows that meet a filter come to, for each currency and status.
pub fn sums(types: &Types, rows: Vec<Arc<Row>>, filter: &Value) -> Result<Vec<Value>, Error> {
    let filter = if *filter == Value::Null { Filter::All(Vec::new()) } else { Filter::read(types, "Invoice", filter)? };
    let mut sums: BTreeMap<(String, String), (i32, [BigDecimal; 3])> = BTreeMap::new();
    for row in rows.iter().filter(|row| filter.holds(row)) {
        let of = (text(row.cell("currency")).to_owned(), text(row.cell("status")).to_owned());
        let (count, added) = sums.entry(of).or_default();
        *count += 1;
        for (sum, cell) in added.iter_mut().zip(["total", "amountDue", "amountPaid"]) {
            *sum += amount(row.cell(cell)).0;
        }
    }
    let sum = |((currency, status), (count, added)): ((String, String), (i32, [BigDecimal; 3]))| {
        let own = currency.parse::<Currency>().expect("a currency");
        let [total, due, paid] = added.map(|sum| Money::try_new(&sum, own).expect("an amount").to_string());
        let money = |amount: String| async_graphql::value!({"amount": amount, "currency": currency.clone()});
        async_graphql::value!({
            "currency": currency.clone(),
            "status": Value::Enum(Name::new(status)),
            "count": count,
            "total": money(total),
            "amountDue": money(due),
            "amountPaid": money(paid),
        })
    };
    Ok(sums.into_iter().map(sum).collect())
}

/// What must hold of a row.
enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Null(String, bool),
    Test(String, Box<dyn Fn(&Key) -> bool>),
    /// An amount of the same currency stands like this to the given one.
    Amount(String, &'static [Ordering], Value),
}

impl Filter {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|part| part.holds(row)),
            Filter::Any(any) => any.iter().any(|part| part.holds(row)),
            Filter::Not(part) => !part.holds(row),
            Filter::Null(cell, null) => (*row.cell(cell) == Value::Null) == *null,
            Filter::Test(cell, test) => *row.cell(cell) != Value::Null && test(&key(row.cell(cell))),
            Filter::Amount(cell, orders, given) => {
                let (own, given) = (amount(row.cell(cell)), amount(given));
                own.1 == given.1 && orders.contains(&own.0.cmp(&given.0))
            }
        }
    }

    fn read(types: &Types, ty: &str, given: &Value) -> Result<Filter, Error> {
        let Value::Object(fields) = given else { return Err(bad_input()) };
        let many = |given: &Value| match given {
            Value::List(list) => list.iter().map(|one| Filter::read(types, ty, one)).collect(),
            one => Ok(vec![Filter::read(types, ty, one)?]),
        };
        let part = |(name, value): (&Name, &Value)| match name.as_str() {
            "and" => Ok(Filter::All(many(value)?)),
            "or" => Ok(Filter::Any(many(value)?)),
            "not" => Ok(Filter::Not(Box::new(Filter::read(types, ty, value)?))),
            name => Filter::conditions(types, ty, name, value),
        };
        fields.iter().map(part).collect::<Result<_, _>>().map(Filter::All)
    }

    fn conditions(types: &Types, ty: &str, column: &str, given: &Value) -> Result<Filter, Error> {
        let Value::Object(conditions) = given else { return Err(bad_input()) };
        let input = types.input(&format!("{ty}Filter"), column).map(named).expect("a condition");
        let cell = cell_of(types, ty, column);
        if input == "MoneyCondition" {
            let part = |(name, given): (&Name, &Value)| {
                let orders: &[Ordering] = match name.as_str() {
                    "eq" => &[Ordering::Equal],
                    "lt" => &[Ordering::Less],
                    "lte" => &[Ordering::Less, Ordering::Equal],
                    "gt" => &[Ordering::Greater],
                    _ => &[Ordering::Greater, Ordering::Equal],
                };
                Filter::Amount(cell.clone(), orders, given.clone())
            };
            return Ok(Filter::All(conditions.iter().map(part).collect()));
        }
        let leads_to = match types.field(ty, &cell).map_or("", |field| named(&field.ty.node)) {
            // The id alone: `customerId` is that of a Customer.
            "ID" => capital(column.trim_end_matches("Id")),
            of => of.to_owned(),
        };
        let value = |given: &Value| match (input, given) {
            ("DateTimeCondition", Value::String(text)) => text.parse().map(Key::Time).map_err(|_| bad_input()),
            ("DateCondition", Value::String(text)) => {
                text.parse::<Date>().map(|_| Key::Text(text.clone())).map_err(|_| bad_input())
            }
            ("IdCondition", Value::String(text)) => id_of(&leads_to, text).map(Key::Text).ok_or_else(bad_input),
            ("StringCondition", Value::String(text)) if text.contains('\0') => Err(bad_input()),
            ("StringCondition", Value::String(text)) => Ok(Key::Text(text.clone())),
            (_, Value::Null) => Err(bad_input()),
            (_, given) => Ok(key(given)),
        };
        let test = |test: Box<dyn Fn(&Key) -> bool>| Filter::Test(cell.clone(), test);
        let part = |(name, given): (&Name, &Value)| {
            Ok(match (name.as_str(), given) {
                ("isNull", Value::Boolean(null)) => Filter::Null(cell.clone(), *null),
                ("in", Value::List(list)) => {
                    let list: Vec<Key> = list.iter().map(value).collect::<Result<_, _>>()?;
                    test(Box::new(move |own| list.contains(own)))
                }
                (name, given) => {
                    let value = value(given)?;
                    match name {
                        "eq" | "in" => test(Box::new(move |own| *own == value)),
                        "lt" => test(Box::new(move |own| *own < value)),
                        "lte" => test(Box::new(move |own| *own <= value)),
                        "gt" => test(Box::new(move |own| *own > value)),
                        "gte" => test(Box::new(move |own| *own >= value)),
                        "startsWith" => test(Box::new(move |own| match (own, &value) {
                            (Key::Text(own), Key::Text(prefix)) => own.starts_with(prefix),
                            _ => false,
                        })),
                        other => panic!("the oracle does not know the condition {other}"),
                    }
                }
            })
        };
        conditions.iter().map(part).collect::<Result<_, _>>().map(Filter::All)
    }
}

/// The name with a capital letter in front.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The cell that a condition is about: `customerId` asks for what `customer` leads to.
pub fn cell_of(types: &Types, ty: &str, column: &str) -> String {
    match column {
        _ if types.field(ty, column).is_some() => column.to_owned(),
        "parentCustomerId" => "parent".to_owned(),
        _ => column.trim_end_matches("Id").to_owned(),
    }
}

/// A page of a list.
pub struct Page {
    pub rows: Vec<Arc<Row>>,
    pub order: String,
    pub has_next: bool,
    pub has_previous: bool,
    pub total: usize,
}

/// Cuts a page out of the rows of a list.
pub fn page(
    types: &Types,
    cursors: &Cursors,
    ty: &str,
    rows: Vec<Arc<Row>>,
    arguments: &IndexMap<Name, Value>,
) -> Result<Page, Error> {
    let argument = |name: &str| arguments.get(name).unwrap_or(&Value::Null);
    let length = |name| match argument(name) {
        Value::Number(length) => match length.as_i64() {
            Some(length @ 0..=100) => Ok(usize::try_from(length).ok()),
            _ => Err(bad_input()),
        },
        _ => Ok(None),
    };
    let (first, last) = (length("first")?, length("last")?);
    let order = Sorting::read(types, ty, argument("orderBy"));
    let cursor = |name| match argument(name) {
        Value::String(cursor) => cursors.row(ty, &order.name(), cursor).map(Some).ok_or_else(bad_input),
        _ => Ok(None),
    };
    let (after, before) = (cursor("after")?, cursor("before")?);
    if first.is_some() && last.is_some() {
        return Err(bad_input());
    }
    let filter = match argument("filter") {
        Value::Null => Filter::All(Vec::new()),
        given => Filter::read(types, ty, given)?,
    };
    let mut rows: Vec<_> = rows.into_iter().filter(|row| filter.holds(row)).collect();
    let total = rows.len();
    rows.sort_by(|a, b| order.compare(a, b));
    rows.retain(|row| after.is_none_or(|after| order.compare(row, after).is_gt()));
    rows.retain(|row| before.is_none_or(|before| order.compare(row, before).is_lt()));
    let left = rows.len();
    let (has_next, has_previous) = match last {
        Some(last) => {
            rows.drain(..left.saturating_sub(last));
            (before.is_some(), left > last)
        }
        None => {
            let first = first.unwrap_or(25);
            rows.truncate(first);
            (left > first, after.is_some())
        }
    };
    Ok(Page { rows, order: order.name(), has_next, has_previous, total })
}
