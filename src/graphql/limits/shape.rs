//! A look over a document that was parsed, before anything else touches it. Validation and execution walk every fragment again at
//! each place that spreads it, so a few hundred bytes of fragments that spread each other twice would keep a worker
//! busy for minutes. Here every fragment is measured once, and the measure is what its spreads add.

use super::{QueryLimits, refused, too_complex};
use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use std::collections::HashMap;

/// How deep fields may nest below `__schema` and `__type`: the tools' own introspection query needs this much.
const INTROSPECTION_DEPTH: usize = 20;
/// How deep selections and spreads may nest before the walk itself refuses, so that it cannot exhaust the stack.
const NESTING: usize = 64;

/// Refuses a document that would be expensive merely to look at, or whose fragments spread themselves.
pub fn check(document: &ExecutableDocument, limits: &QueryLimits) -> Result<(), ServerError> {
    let mut walk = Walk { limits, fragments: &document.fragments, measured: HashMap::new(), aliases: 0, directives: 0 };
    let mut whole = Size::default();
    for (_, operation) in document.operations.iter() {
        walk.count_directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            walk.count_directives(&variable.node.directives)?;
        }
        let size = walk.set(&operation.node.selection_set, 0)?;
        size.check_roots(operation.node.ty, operation.pos, limits)?;
        whole = whole.beside(size, operation.pos, limits)?;
        whole.check_depth(operation.pos, limits)?;
    }
    // What no operation spreads is refused by validation, but validation walks it first.
    for (name, fragment) in &document.fragments {
        walk.fragment(name, fragment, 0)?.check_depth(fragment.pos, limits)?;
    }
    Ok(())
}

/// What a selection amounts to once its spreads are replaced.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    /// The fields of this level alone.
    fields: usize,
    /// The deepest field outside introspection.
    depth: usize,
    /// The deepest field at or below `__schema` and `__type`; 0 when there is none.
    introspection: usize,
}

impl Size {
    /// This and another one next to it.
    fn beside(self, other: Size, at: Pos, limits: &QueryLimits) -> Result<Size, ServerError> {
        let selections = self.selections.saturating_add(other.selections);
        if selections > limits.selections {
            let message = format!(
                "The document selects too much: at most {} selections are allowed once fragments are expanded.",
                limits.selections
            );
            return Err(too_complex(message, at));
        }
        let fields = self.fields.saturating_add(other.fields);
        let depth = self.depth.max(other.depth);
        Ok(Size { selections, fields, depth, introspection: self.introspection.max(other.introspection) })
    }

    /// The size of a field that has this selection.
    fn below(self, field: &str) -> Size {
        let selections = self.selections.saturating_add(1);
        if matches!(field, "__schema" | "__type") {
            let introspection = self.depth.max(self.introspection).saturating_add(1);
            return Size { selections, fields: 1, depth: 0, introspection };
        }
        let introspection = if self.introspection == 0 { 0 } else { self.introspection.saturating_add(1) };
        Size { selections, fields: 1, depth: self.depth.saturating_add(1), introspection }
    }

    /// Each field of a root is read, or run, by itself.
    fn check_roots(self, ty: OperationType, at: Pos, limits: &QueryLimits) -> Result<(), ServerError> {
        let (allowed, hint) = match ty {
            OperationType::Mutation => (limits.mutations, "Send several documents, or use a mutation that takes many."),
            OperationType::Query | OperationType::Subscription => (limits.root_fields, "Send several documents."),
        };
        if self.fields <= allowed {
            return Ok(());
        }
        let message =
            format!("The {ty} asks for {} fields at once: at most {allowed} are allowed. {hint}", self.fields);
        Err(too_complex(message, at))
    }

    fn check_depth(self, at: Pos, limits: &QueryLimits) -> Result<(), ServerError> {
        let (found, allowed) = if self.depth > limits.depth {
            (self.depth, limits.depth)
        } else if self.introspection > INTROSPECTION_DEPTH {
            (self.introspection, INTROSPECTION_DEPTH)
        } else {
            return Ok(());
        };
        Err(too_complex(format!("The document nests fields {found} deep: at most {allowed} levels are allowed."), at))
    }
}

/// A fragment that the walk has met.
enum Measured {
    /// It is being measured: to meet it again means that it spreads itself.
    Begun,
    Done(Size),
}

struct Walk<'a> {
    limits: &'a QueryLimits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    measured: HashMap<&'a str, Measured>,
    aliases: usize,
    directives: usize,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a Positioned<SelectionSet>, nesting: usize) -> Result<Size, ServerError> {
        if nesting > NESTING {
            return Err(too_complex(format!("The document nests more than {NESTING} levels."), set.pos));
        }
        let mut size = Size::default();
        for selection in &set.node.items {
            self.count_directives(selection.node.directives())?;
            let one = self.selection(&selection.node, nesting.saturating_add(1))?;
            size = size.beside(one, selection.pos, self.limits)?;
        }
        Ok(size)
    }

    fn selection(&mut self, selection: &'a Selection, nesting: usize) -> Result<Size, ServerError> {
        match selection {
            Selection::Field(field) => {
                if field.node.alias.is_some() {
                    self.aliases = self.aliases.saturating_add(1);
                    if self.aliases > self.limits.aliases {
                        let message =
                            format!("The document has too many aliases: at most {} are allowed.", self.limits.aliases);
                        return Err(too_complex(message, field.pos));
                    }
                }
                Ok(self.set(&field.node.selection_set, nesting)?.below(&field.node.name.node))
            }
            Selection::InlineFragment(inline) => Ok(spread(self.set(&inline.node.selection_set, nesting)?)),
            Selection::FragmentSpread(named) => {
                // A fragment that does not exist adds nothing; validation names it.
                match self.fragments.get_key_value(&named.node.fragment_name.node) {
                    Some((name, fragment)) => Ok(spread(self.fragment(name, fragment, nesting)?)),
                    None => Ok(spread(Size::default())),
                }
            }
        }
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        fragment: &'a Positioned<FragmentDefinition>,
        nesting: usize,
    ) -> Result<Size, ServerError> {
        match self.measured.get(name.as_str()) {
            Some(Measured::Done(size)) => return Ok(*size),
            Some(Measured::Begun) => return Err(cycle(name, fragment.pos)),
            None => {}
        }
        self.measured.insert(name, Measured::Begun);
        self.count_directives(&fragment.node.directives)?;
        let size = self.set(&fragment.node.selection_set, nesting)?;
        self.measured.insert(name, Measured::Done(size));
        Ok(size)
    }

    fn count_directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        self.directives = self.directives.saturating_add(directives.len());
        match directives.last() {
            Some(last) if self.directives > self.limits.directives => Err(too_complex(
                format!("The document has too many directives: at most {} are allowed.", self.limits.directives),
                last.pos,
            )),
            _ => Ok(()),
        }
    }
}

/// A spread or an inline fragment is a selection itself, but adds no level.
fn spread(size: Size) -> Size {
    Size { selections: size.selections.saturating_add(1), ..size }
}

fn cycle(name: &str, at: Pos) -> ServerError {
    // A name may be as long as the document.
    let name: String = name.chars().take(60).collect();
    refused(format!("The fragment {name} spreads itself, directly or through others."), at, "GRAPHQL_VALIDATION_FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Value;
    use async_graphql::parser::parse_query;
    use std::time::{Duration, Instant};

    /// Roots of any width, so that what else is looked at can be seen by itself.
    const LIMITS: QueryLimits = QueryLimits {
        selections: 400,
        aliases: 30,
        directives: 40,
        depth: 15,
        root_fields: usize::MAX,
        mutations: 3,
        tokens: 0,
        cost: 0,
        bucket: 0,
        restore_rate: 0,
        answer: 0,
        reading: Duration::ZERO,
    };

    /// `OK`, or the code and the message.
    fn checked(document: &str) -> String {
        match check(&parse_query(document).unwrap(), &LIMITS) {
            Ok(()) => "OK".to_owned(),
            Err(error) => match error.extensions.as_ref().and_then(|all| all.get("code")) {
                Some(Value::String(code)) => format!("{code} {}", error.message),
                _ => panic!("an error without a code: {}", error.message),
            },
        }
    }

    fn nested(field: &str, levels: usize) -> String {
        format!("{}x{}", format!("{field} {{ ").repeat(levels - 1), " }".repeat(levels - 1))
    }

    #[test]
    fn ordinary_documents_pass() {
        for document in [
            "{ a }",
            "query ($n: Int) { orders(first: $n) { nodes { ...O } } } fragment O on Order { id customer { name } }",
            "query A { a } query B { b } mutation C { c }",
            "{ ...Missing }",
        ] {
            assert_eq!(checked(document), "OK", "{document}");
        }
    }

    #[test]
    fn chained_fragments_cost_nothing_and_are_refused() {
        let mut bomb = "{ ...f0 }".to_owned();
        for n in 0..24 {
            bomb.push_str(&format!("fragment f{n} on Q {{ ...f{m} ...f{m} }}", m = n + 1));
        }
        bomb.push_str("fragment f24 on Q { a }");
        let document = parse_query(&bomb).unwrap();
        let began = Instant::now();
        let refusal = check(&document, &LIMITS).unwrap_err();
        assert!(began.elapsed() < Duration::from_millis(5), "{:?}", began.elapsed());
        assert!(refusal.message.contains("400 selections"), "{}", refusal.message);
    }

    #[test]
    fn a_chain_that_is_long_but_narrow_does_not_exhaust_the_stack() {
        let mut chain = "{ ...f0 }".to_owned();
        for n in 0..5000 {
            chain.push_str(&format!("fragment f{n} on Q {{ ...f{} }}", n + 1));
        }
        assert!(checked(&chain).starts_with("QUERY_TOO_COMPLEX"), "{}", checked(&chain));
    }

    #[test]
    fn fragments_that_spread_themselves_are_refused() {
        for document in [
            "{ ...a } fragment a on Q { ...a }",
            "{ ...a } fragment a on Q { x { ...b } } fragment b on Q { ... { ...a } }",
            "{ x } fragment a on Q { ...b } fragment b on Q { ...a }",
        ] {
            assert!(checked(document).starts_with("GRAPHQL_VALIDATION_FAILED The fragment "), "{document}");
        }
    }

    #[test]
    fn selections_count_over_all_operations_with_fragments_expanded() {
        let fields = |count: usize| "x ".repeat(count);
        assert_eq!(checked(&format!("{{ {} }}", fields(400))), "OK");
        assert!(checked(&format!("{{ {} }}", fields(401))).starts_with("QUERY_TOO_COMPLEX"));
        let two = format!("query A {{ {} }} query B {{ {} }}", fields(200), fields(201));
        assert!(checked(&two).starts_with("QUERY_TOO_COMPLEX"));
        let spread = format!("{{ a {{ ...f }} b {{ ...f }} }} fragment f on Q {{ {} }}", fields(200));
        assert!(checked(&spread).starts_with("QUERY_TOO_COMPLEX"));
    }

    #[test]
    fn aliases_and_directives_count_as_written() {
        let aliases = |count: usize| (0..count).map(|n| format!("a{n}: x ")).collect::<String>();
        assert_eq!(checked(&format!("{{ {} }}", aliases(30))), "OK");
        assert!(checked(&format!("{{ {} }}", aliases(31))).contains("aliases"));
        assert_eq!(checked(&format!("{{ x {} }}", "@a ".repeat(40))), "OK");
        assert!(checked(&format!("{{ x {} }}", "@a ".repeat(41))).contains("directives"));
        assert!(checked(&format!("query {} {{ x @a }}", "@a ".repeat(40))).contains("directives"));
    }

    #[test]
    fn the_fields_of_a_root_count_through_fragments() {
        let limits = QueryLimits { root_fields: 4, ..LIMITS };
        let told = |document: &str| check(&parse_query(document).unwrap(), &limits).map_err(|error| error.message);
        assert_eq!(told("{ a { x x x } b c { x x } ... { d } } fragment f on Q { a b }"), Ok(()));
        assert_eq!(told("query A { a b c d } query B { a b c d } mutation C { a b c }"), Ok(()));
        for document in ["{ a b c d e }", "{ a a a a a }", "{ a ... { ...f } } fragment f on Q { b c ... { d e } }"] {
            assert!(told(document).unwrap_err().contains("5 fields at once: at most 4"), "{document}");
        }
        let refusal = told("mutation { a b ...f } fragment f on M { c d }").unwrap_err();
        assert!(refusal.contains("The mutation asks for 4 fields at once: at most 3"), "{refusal}");
    }

    #[test]
    fn introspection_may_go_deeper_than_data() {
        assert_eq!(checked(&format!("{{ {} }}", nested("a", 15))), "OK");
        assert!(checked(&format!("{{ {} }}", nested("a", 16))).contains("16 deep: at most 15"));
        assert_eq!(checked(&format!("{{ __schema {{ {} }} }}", nested("a", 19))), "OK");
        assert!(checked(&format!("{{ __schema {{ {} }} }}", nested("a", 20))).contains("21 deep: at most 20"));
        // Neither a fragment nor an inline one adds a level, and none hides one.
        let through = format!("{{ a {{ ... {{ ...f }} }} }} fragment f on Q {{ {} }}", nested("a", 15));
        assert!(checked(&through).contains("16 deep"));
    }
}
