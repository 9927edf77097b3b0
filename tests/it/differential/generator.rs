//! Random valid queries over the schema, whatever it declares: aliases, keys that merge, fragments, directives,
//! variables in every position. What the limits forbid is kept within them.

use super::arguments::Arguments;
use super::random::Random;
use super::types::{Types, named};
use async_graphql::parser::types::{BaseType, FieldDefinition, Type};
use async_graphql::{Name, Value, Variables};
use std::collections::HashMap;
use std::fmt::Write;

/// A query and its variables.
pub struct Made {
    pub text: String,
    /// What the client sends.
    pub given: Variables,
    /// That, and the defaults of the variables that it leaves out: async-graphql forgets those when it looks at `@skip`.
    pub filled: Variables,
    /// Whether some key may stand twice. Of several errors that make the same object null, the engine then finds another
    /// one first than the oracle, which answers the key twice.
    pub repeats: bool,
}

pub struct Generator<'w> {
    arguments: &'w Arguments<'w>,
    random: Random,
    made: Made,
    variables: Vec<String>,
    /// Name, type, length and text of each fragment.
    fragments: Vec<(String, String, usize, String)>,
    /// The arguments of fields without an alias: the same everywhere, so that they merge.
    bare: HashMap<String, (String, usize)>,
    aliases: usize,
    directives: usize,
    selections: usize,
    /// Whether this query goes deep rather than wide.
    deep: bool,
}

const ALIASES: usize = 30;
const DIRECTIVES: usize = 30;
const SELECTIONS: usize = 160;
const DEPTH: usize = 15;
/// The most objects of one level.
const MOST: usize = 400;

/// Where a selection stands.
#[derive(Clone, Copy)]
struct At {
    /// How many more levels there may be.
    depth: usize,
    /// How many objects there may be here.
    objects: usize,
    /// How many fragments there are around it since the last field.
    fragments: usize,
}

pub fn make(arguments: &Arguments<'_>, seed: u64) -> Made {
    let mut random = Random(seed);
    let deep = random.percent(20);
    let made = Made { text: String::new(), given: Variables::default(), filled: Variables::default(), repeats: false };
    let mut generator = Generator {
        arguments,
        random,
        made,
        variables: Vec::new(),
        fragments: Vec::new(),
        bare: HashMap::new(),
        aliases: 0,
        directives: 0,
        selections: 0,
        deep,
    };
    let set = generator.set("Query", At { depth: DEPTH, objects: 1, fragments: 0 });
    let variables = generator.variables.join(", ");
    let head = if variables.is_empty() { "query Q".to_owned() } else { format!("query Q({variables})") };
    generator.made.text = format!("{head} {set}");
    for (name, ty, _, set) in &generator.fragments {
        let _ = write!(generator.made.text, " fragment {name} on {ty} {set}");
    }
    generator.made
}

impl<'w> Generator<'w> {
    fn types(&self) -> &'w Types {
        &self.arguments.world.types
    }

    fn set(&mut self, ty: &str, at: At) -> String {
        let mut text = "{".to_owned();
        let full = self.selections > SELECTIONS;
        let count = if full { 1 } else { 1 + self.random.below(5) };
        for place in 0..count {
            // The first selection has no directive, so that some of an object is left.
            let selection = self.selection(ty, at, place > 0);
            text.push(' ');
            text.push_str(&selection);
        }
        text + " }"
    }

    fn selection(&mut self, ty: &str, at: At, may_be_skipped: bool) -> String {
        self.selections += 1;
        let fields = self.types().fields(ty);
        let leads_on = |field: &&FieldDefinition| self.types().is_object(named(&field.ty.node));
        let (on, leaves): (Vec<_>, Vec<_>) = fields.iter().map(|field| &field.node).partition(leads_on);
        let wide = at.depth > 1 && at.objects < MOST && self.selections <= SELECTIONS;
        let few = if self.deep || leaves.len() < 3 { 85 } else { 60 };
        match self.random.below(100) {
            0..6 => {
                // async-graphql says of a variable that only a `__typename` uses that nothing does: no variables here.
                format!("__typename{}", *self.random.pick(&["", "", " @skip(if: false)", " @include(if: true)"]))
            }
            6..18 if wide && at.fragments < 3 => self.inline(ty, at, may_be_skipped),
            18..26 if wide && at.fragments < 3 => self.spread(ty, at, may_be_skipped),
            choice if wide && !on.is_empty() && (choice < few || leaves.is_empty()) => {
                let lists: Vec<_> = on.iter().filter(|field| !field.arguments.is_empty()).copied().collect();
                let from = if self.deep && !lists.is_empty() && self.random.percent(70) { &lists } else { &on };
                let field = *self.random.pick(from);
                self.object(ty, field, at, may_be_skipped)
            }
            _ if leaves.is_empty() => "__typename".to_owned(),
            _ => {
                let field = *self.random.pick(&leaves);
                let alias = if self.random.percent(8) { self.alias() } else { String::new() };
                format!("{alias}{}{}", field.name.node, self.when(may_be_skipped))
            }
        }
    }

    fn inline(&mut self, ty: &str, at: At, may_be_skipped: bool) -> String {
        let at = At { fragments: at.fragments + 1, ..at };
        let members = self.types().members("Node");
        let on = match self.random.below(3) {
            0 => return format!("...{} {}", self.when(may_be_skipped), self.set(ty, at)),
            1 if ty != "Node" && self.types().implements(ty, "Node") => "Node".to_owned(),
            _ if ty == "Node" => (*self.random.pick(&members)).to_owned(),
            _ => ty.to_owned(),
        };
        format!("... on {on}{} {}", self.when(may_be_skipped), self.set(&on, at))
    }

    fn spread(&mut self, ty: &str, at: At, may_be_skipped: bool) -> String {
        // A fragment of a page may be long; where it is spread again, all of it counts again.
        let room = SELECTIONS.saturating_sub(self.selections);
        let fits = |(_, on, size, _): &&(String, String, usize, String)| on == ty && *size < room && at.objects < 20;
        let known = self.fragments.iter().find(fits).map(|(name, _, size, _)| (name.clone(), *size));
        let (name, size) = match known {
            Some(known) if self.random.percent(60) && at.depth > 10 => {
                self.made.repeats = true;
                known
            }
            _ => {
                let before = self.selections;
                // Whatever spreads it again may stand lower.
                let set = self.set(ty, At { depth: at.depth.min(6), objects: at.objects, fragments: at.fragments + 1 });
                let name = format!("F{}", self.fragments.len());
                self.fragments.push((name.clone(), ty.to_owned(), self.selections - before, set));
                (name, 0)
            }
        };
        self.selections += size;
        format!("...{name}{}", self.when(may_be_skipped))
    }

    fn object(&mut self, ty: &str, field: &FieldDefinition, at: At, may_be_skipped: bool) -> String {
        let (name, to) = (field.name.node.as_str(), named(&field.ty.node));
        let bare = field.arguments.is_empty() || self.aliases >= ALIASES || self.random.percent(30);
        let (head, objects) = if bare {
            // Fields of one name may be different things, and then they never merge.
            let known = format!("{name} {to} {}", field.arguments.len());
            let (arguments, objects) = match self.bare.get(&known) {
                Some(known) => {
                    self.made.repeats = true;
                    known.clone()
                }
                None => {
                    let made = self.arguments(ty, field, to, 2);
                    self.bare.insert(known, made.clone());
                    made
                }
            };
            (format!("{name}{arguments}"), objects)
        } else {
            let (arguments, objects) = self.arguments(ty, field, to, MOST / at.objects.max(1));
            (format!("{}{name}{arguments}", self.alias()), objects)
        };
        let below = At { depth: at.depth - 1, objects: at.objects * objects.max(1), fragments: 0 };
        let mut text = format!("{head}{} {}", self.when(may_be_skipped), self.set(to, below));
        if self.random.percent(12) && self.selections < SELECTIONS / 2 {
            // The same key again, with more below it. (An alias may stand twice: it counts twice.)
            self.aliases += usize::from(!bare);
            if self.aliases <= ALIASES {
                self.made.repeats = true;
                let _ = write!(text, " {head} {}", self.set(to, below));
            }
        }
        text
    }

    fn arguments(&mut self, ty: &str, field: &FieldDefinition, to: &str, most: usize) -> (String, usize) {
        let (arguments, objects) = self.arguments.of(&mut self.random, ty, field.name.node.as_str(), to, most);
        let mut written = Vec::new();
        for (name, value) in &arguments {
            let definition = field.arguments.iter().find(|argument| argument.node.name.node == *name);
            let ty = &definition.expect("the argument is known").node.ty.node;
            written.push(format!("{name}: {}", self.value(value, ty, false)));
        }
        let text = if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) };
        (text, objects)
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        if self.aliases > ALIASES { String::new() } else { format!("a{}: ", self.aliases) }
    }

    fn when(&mut self, may_be_skipped: bool) -> String {
        if !may_be_skipped || self.directives >= DIRECTIVES || !self.random.percent(12) {
            return String::new();
        }
        self.directives += 1;
        let name = if self.random.percent(50) { "skip" } else { "include" };
        let value = Value::Boolean(self.random.percent(50));
        let boolean = Type { base: BaseType::Named(Name::new("Boolean")), nullable: false };
        format!(" @{name}(if: {})", self.value(&value, &boolean, true))
    }

    /// Writes a value down: as it is, or as a variable, or with variables in it.
    fn value(&mut self, value: &Value, ty: &Type, often: bool) -> String {
        if self.variables.len() < 12 && self.random.percent(if often { 60 } else { 12 }) {
            return self.variable(value, ty);
        }
        match (value, &ty.base) {
            (Value::List(values), BaseType::List(inner)) => {
                let values: Vec<_> = values.iter().map(|value| self.value(value, inner, false)).collect();
                format!("[{}]", values.join(", "))
            }
            (value, BaseType::List(inner)) if *value != Value::Null => self.value(value, inner, false),
            (Value::Object(fields), BaseType::Named(name)) => {
                let types = self.types();
                let mut written = Vec::new();
                for (field, value) in fields {
                    let ty = types.input(name, field).expect("the field is known");
                    written.push(format!("{field}: {}", self.value(value, ty, false)));
                }
                format!("{{{}}}", written.join(", "))
            }
            _ => literal(value),
        }
    }

    fn variable(&mut self, value: &Value, ty: &Type) -> String {
        let name = format!("v{}", self.variables.len());
        let sent = Value::from_json(value.clone().into_json().expect("plain data")).expect("plain data");
        let default = match self.random.below(3) {
            // Its default counts.
            0 => {
                self.made.filled.insert(Name::new(&name), value.clone());
                format!(" = {}", literal(value))
            }
            // It has one, but another value is given.
            1 => {
                self.made.given.insert(Name::new(&name), sent.clone());
                self.made.filled.insert(Name::new(&name), sent);
                if ty.nullable { " = null".to_owned() } else { format!(" = {}", literal(value)) }
            }
            _ => {
                self.made.given.insert(Name::new(&name), sent.clone());
                self.made.filled.insert(Name::new(&name), sent);
                String::new()
            }
        };
        self.variables.push(format!("${name}: {ty}{default}"));
        format!("${name}")
    }
}

/// A value in GraphQL's words. Texts have the escapes of JSON, which are GraphQL's as well.
pub fn literal(value: &Value) -> String {
    match value {
        Value::List(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}
