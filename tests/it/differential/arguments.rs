//! Random arguments: ids, natural keys, pages, filters and orders, with values that the data has and values that it has
//! not. Here and there one is wrong.

use super::data::AWKWARD;
use super::lists::cell_of;
use super::oracle::World;
use super::random::Random;
use super::store::subscriptions::{LATER, UPCOMING};
use super::store::{list_of, text};
use super::types::named;
use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};

pub struct Arguments<'w> {
    pub world: &'w World,
    /// Ids of another tenant.
    pub foreign: &'w [String],
    /// The orders whose cursors are known.
    pub orders: &'w [(String, Value)],
}

type Object = IndexMap<Name, Value>;

pub fn object<'n>(fields: impl IntoIterator<Item = (&'n str, Value)>) -> Object {
    fields.into_iter().map(|(name, value)| (Name::new(name), value)).collect()
}

impl Arguments<'_> {
    /// The arguments of a field, and how many objects it will lead to at most.
    pub fn of(&self, random: &mut Random, ty: &str, field: &str, to: &str, most: usize) -> (Object, usize) {
        if to.ends_with("Connection") {
            return self.page(random, to.trim_end_matches("Connection"), most);
        }
        if field == UPCOMING {
            return (Self::later(random), 1);
        }
        if ty != "Query" {
            return (Object::new(), if list_of(ty, field).is_some() { 4 } else { 1 });
        }
        match field {
            "nodes" => {
                let ids: Vec<_> = (0..random.below(6)).map(|_| self.any_id(random).into()).collect();
                let count = ids.len();
                (object([("ids", Value::List(ids))]), count)
            }
            "node" => (object([("id", self.any_id(random).into())]), 1),
            "previewInvoice" => {
                let mut given = Self::later(random);
                given.insert(Name::new("subscriptionId"), self.id(random, "Subscription").into());
                (given, 1)
            }
            "viewer" | "tenant" => (Object::new(), 1),
            "invoiceTotals" if random.percent(70) => {
                (object([("filter", Value::Object(self.filter(random, "Invoice", 3)))]), 5)
            }
            "invoiceTotals" => (Object::new(), 5),
            _ => match self.world.types.field("Query", field).map(|field| field.arguments.as_slice()) {
                Some([argument]) if argument.node.name.node == "id" => {
                    (object([("id", self.id(random, to).into())]), 1)
                }
                Some([argument, others @ ..]) if others.iter().all(|other| other.node.name.node == "version") => {
                    let name = argument.node.name.node.as_str();
                    let known = text(&self.cell(random, to, name)).to_owned();
                    let key = match random.below(5) {
                        0 => (*random.pick(AWKWARD)).to_owned(),
                        1 => format!(" {known}\n"),
                        _ => known,
                    };
                    let mut given = object([(name, key.into())]);
                    if !others.is_empty() && random.percent(70) {
                        let version = match random.below(4) {
                            0 => Value::Null,
                            1 => self.cell(random, to, "version"),
                            _ => random.below(4).into(),
                        };
                        given.insert(Name::new("version"), version);
                    }
                    (given, 1)
                }
                _ => panic!("the generator does not know the arguments of {field}"),
            },
        }
    }

    /// From when on an invoice is foreseen.
    fn later(random: &mut Random) -> Object {
        match random.below(3) {
            0 => Object::new(),
            1 => object([("at", Value::Null)]),
            _ => object([("at", LATER.into())]),
        }
    }

    /// The value of a field of some row, which may be null.
    fn cell(&self, random: &mut Random, ty: &str, name: &str) -> Value {
        let rows: Vec<_> = self.world.store.of(ty).collect();
        if rows.is_empty() { Value::Null } else { random.pick(&rows).cell(name).clone() }
    }

    /// An id where one of a type is expected.
    fn id(&self, random: &mut Random, ty: &str) -> String {
        let known = text(&self.cell(random, ty, "id")).to_owned();
        match random.below(20) {
            0 => random.pick(self.foreign).clone(),
            1 => self.any_id(random),
            2 => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            3 => match perennial::domain::id::parse_any(&known) {
                Some(id) => id.uuid().to_string(),
                None => known,
            },
            _ => known,
        }
    }

    fn any_id(&self, random: &mut Random) -> String {
        match random.below(30) {
            0 => {
                (*random.pick(&["", "ord_", "nope_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"]))
                    .to_owned()
            }
            1..4 => random.pick(self.foreign).clone(),
            4..6 => "cus_01h455vb4pex5vsknk084sn02q".to_owned(),
            _ => {
                let members = self.world.types.members("Node");
                let ty = *random.pick(&members);
                match self.cell(random, ty, "id") {
                    Value::String(id) => id,
                    _ => text(&self.cell(random, "Tenant", "id")).to_owned(),
                }
            }
        }
    }

    fn page(&self, random: &mut Random, of: &str, most: usize) -> (Object, usize) {
        let mut arguments = Object::new();
        let mut add = |name: &str, value: Value| arguments.insert(Name::new(name), value);
        let orders: Vec<&Value> = self.orders.iter().filter(|(ty, _)| ty == of).map(|(_, order)| order).collect();
        let order = (*random.pick(&orders)).clone();
        let has = |name: &str| self.world.types.input(&format!("{of}{name}"), "and").is_some();
        let sorting = super::lists::Sorting::read(&self.world.types, of, &order).name();
        if order != Value::Null {
            add("orderBy", order);
        }
        let size = random.below(most.min(6) + 1);
        match random.below(40) {
            0..8 => add("last", size.into()),
            8 => add("first", (*random.pick(&[-1, 101])).into()),
            9 => {
                add("last", 1.into());
                add("first", 1.into())
            }
            10 => add("first", Value::Null),
            _ => add("first", size.into()),
        };
        for name in ["after", "before"] {
            let cursors = self.world.cursors.read().expect("nobody panicked");
            let fits = |made_for: &str| made_for == sorting;
            let any = random.percent(3);
            // The map that keeps them is in another order in each run.
            let mut own: Vec<&str> =
                cursors.of(of).filter(|(_, made_for)| any || fits(made_for)).map(|(cursor, _)| cursor).collect();
            own.sort_unstable();
            if random.percent(25) && !own.is_empty() {
                add(name, (*random.pick(&own)).into());
            } else if random.percent(1) {
                add(name, "no cursor".into());
            }
        }
        if has("Filter") && random.percent(40) {
            add("filter", Value::Object(self.filter(random, of, 3)));
        }
        (arguments, size)
    }

    fn filter(&self, random: &mut Random, of: &str, depth: usize) -> Object {
        let ty = format!("{of}Filter");
        let columns: Vec<&str> =
            self.world.types.inputs(&ty).iter().map(|input| input.node.name.node.as_str()).collect();
        let mut filter = Object::new();
        for _ in 0..random.below(3) + usize::from(depth == 3) {
            let name = *random.pick(&columns);
            let value = match name {
                "and" | "or" | "not" if depth == 0 => continue,
                "not" => Value::Object(self.filter(random, of, depth - 1)),
                "and" | "or" if random.percent(10) => Value::Object(self.filter(random, of, depth - 1)),
                "and" | "or" => {
                    let parts = (0..random.below(4)).map(|_| Value::Object(self.filter(random, of, depth - 1)));
                    Value::List(parts.collect())
                }
                column => Value::Object(self.conditions(random, of, column)),
            };
            filter.insert(Name::new(name), value);
        }
        filter
    }

    fn conditions(&self, random: &mut Random, of: &str, column: &str) -> Object {
        let ty = self.world.types.input(&format!("{of}Filter"), column).map(named).unwrap_or_default();
        let known: Vec<&str> = self.world.types.inputs(ty).iter().map(|input| input.node.name.node.as_str()).collect();
        let mut conditions = Object::new();
        for _ in 0..=random.below(2) {
            let name = *random.pick(&known);
            let value = match name {
                "isNull" => random.percent(50).into(),
                "in" if random.percent(90) => {
                    Value::List((0..random.below(4)).map(|_| self.operand(random, of, column, ty)).collect())
                }
                "startsWith" => {
                    let whole = self.operand(random, of, column, ty);
                    let length = random.below(4);
                    text(&whole).chars().take(length).collect::<String>().into()
                }
                _ => self.operand(random, of, column, ty),
            };
            conditions.insert(Name::new(name), value);
        }
        conditions
    }

    /// A value to compare a column with.
    fn operand(&self, random: &mut Random, of: &str, column: &str, condition: &str) -> Value {
        let values = self.world.types.values(condition.trim_end_matches("Condition"));
        if !values.is_empty() {
            return Value::Enum(Name::new(*random.pick(&values)));
        }
        match (self.cell(random, of, &cell_of(&self.world.types, of, column)), condition) {
            (Value::String(id), "IdCondition") if random.percent(10) => {
                perennial::domain::id::parse_any(&id).expect("an id").uuid().to_string().into()
            }
            (Value::Null, "IdCondition") => "01890a5d-ac96-774b-bcce-b302099a8057".into(),
            (_, "IdCondition") if random.percent(2) => self.any_id(random).into(),
            (Value::Null, "DateTimeCondition") => "2026-02-01T00:00:00+01:30".into(),
            (Value::Null, "DateCondition") => "2026-03-01".into(),
            (_, "DateTimeCondition" | "DateCondition") if random.percent(2) => "yesterday".into(),
            (_, "IntCondition") if random.percent(20) => random.below(5).into(),
            (Value::Null, _) => (*random.pick(AWKWARD)).into(),
            (_, "StringCondition") if random.percent(10) => (*random.pick(AWKWARD)).into(),
            (known, _) => known,
        }
    }

    /// Some orders of each list: none, and random ones.
    pub fn orders(world: &World, random: &mut Random) -> Vec<(String, Value)> {
        let mut orders = Vec::new();
        let lists = world.types.0.keys().filter_map(|name| name.strip_suffix("Connection"));
        for of in lists {
            orders.push((of.to_owned(), Value::Null));
            let fields =
                world.types.values(&format!("{of}OrderField")).into_iter().map(str::to_owned).collect::<Vec<_>>();
            for _ in 0..if fields.is_empty() { 0 } else { 7 } {
                let key = |random: &mut Random| {
                    let field = Value::Enum(Name::new(random.pick(&fields)));
                    let mut key = object([("field", field)]);
                    if random.percent(70) {
                        let direction = *random.pick(&["ASC", "DESC"]);
                        key.insert(Name::new("direction"), Value::Enum(Name::new(direction)));
                    }
                    Value::Object(key)
                };
                let keys = (0..[1, 1, 1, 2, 2, 2, 3, 0][random.below(8)]).map(|_| key(random)).collect();
                orders.push((of.to_owned(), Value::List(keys)));
            }
        }
        orders
    }
}
