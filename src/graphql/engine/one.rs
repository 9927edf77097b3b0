//! Fields that lead to one object: by a key of the row, by an id of the query, or by a natural key.

use super::declare::{Object, of};
use super::json::{Out, Written};
use super::reading::{By, Cx};
use super::reads::columns;
use super::registry::{Argument, argument, node_interface, object};
use super::run::{bad_input, coded};
use super::select::Selected;
use super::view::{Fetched, Loaded, Relation, View, refused};
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Entity, Id};
use crate::repository::{Query, Read, Stored};
use async_graphql::registry::Registry;
use async_graphql::{ID, Pos, ServerError};
use std::marker::PhantomData;

/// The object that a row names.
pub enum One<T, U> {
    Always(fn(&T) -> Id<U>),
    Perhaps(fn(&T) -> Option<Id<U>>),
    /// The row may be older than the object's end.
    Remembered(fn(&T) -> Option<Id<U>>),
}

/// The rows that some keys name, in the order of their ids, and where each key's row is.
struct Found<'q, U: 'static> {
    rows: Vec<U>,
    places: Vec<Place>,
    view: View<'q, U>,
}

#[derive(Clone, Copy)]
enum Place {
    NoKey,
    Missing,
    Row(usize),
}

impl<'q, U: Object + Stored> Found<'q, U> {
    /// Reads each of the named objects once. `T` is the type of the parents.
    fn load<T: 'static>(cx: &mut Cx<'_, 'q>, by: By, keys: &[Option<Id<U>>], selected: &Selected<'q>) -> Read<Self> {
        let ty = of::<U>();
        let mut ids: Vec<Id<U>> = keys.iter().flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let (tenant, columns) = (cx.tenant, columns::<U>(cx.env, &selected.sets));
        let query = |ids: &[Id<U>]| Query::new(tenant).of_each(U::KEY, ids).only(columns.as_deref());
        let mut rows = cx.rows::<T, U, U>(by, &ids, query)?;
        rows.sort_unstable_by_key(|row| ty.id(row));
        let place = |id| rows.binary_search_by_key(&id, |row| ty.id(row)).map_or(Place::Missing, Place::Row);
        let places = keys.iter().map(|key| key.map_or(Place::NoKey, place)).collect();
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Found { rows, places, view })
    }

    /// Writes the row of the key at `index`; answers none where there is a key without a row.
    fn write(&self, index: usize, out: &mut Out<'q>) -> Option<Written> {
        match self.places.get(index) {
            Some(Place::Row(at)) => self.rows.get(*at).map(|row| self.view.write(row, *at, out)),
            Some(Place::NoKey) => {
                out.raw("null");
                Some(Ok(()))
            }
            Some(Place::Missing) | None => None,
        }
    }
}

impl<T: Object, U: Object + Stored> Relation<T> for One<T, U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        let name = object::<U>(registry);
        if self.nullable() { name } else { name + "!" }
    }
    fn nullable(&self) -> bool {
        !matches!(self, One::Always(_))
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let keys: Vec<Option<Id<U>>> = match self {
            One::Always(key) => parents.iter().map(|parent| Some(key(parent))).collect(),
            One::Perhaps(key) | One::Remembered(key) => parents.iter().map(|parent| key(parent)).collect(),
        };
        if let One::Remembered(_) = self {
            return Ok(Ok(Box::new(LookedUp(Found::load::<T>(cx, By::Column, &keys, selected)?))));
        }
        let found = Found::load::<T>(cx, By::Column, &keys, selected)?;
        Ok(Ok(Box::new(OneLoaded { found, pos: selected.field.pos })))
    }
}

struct OneLoaded<'q, U: 'static> {
    found: Found<'q, U>,
    pos: Pos,
}

impl<'q, T, U: Object + Stored> Loaded<'q, T> for OneLoaded<'q, U> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        // The database's foreign keys keep this from happening; if it does, it is said and not hidden.
        self.found.write(index, out).unwrap_or_else(|| {
            let message = format!("The {} of this object is gone.", of::<U>().name);
            Err(out.fail(coded(message, "INTERNAL_SERVER_ERROR"), self.pos))
        })
    }
}

/// An object that is looked up: one that does not exist is null.
struct LookedUp<'q, U: 'static>(Found<'q, U>);

impl<'q, T, U: Object + Stored> Loaded<'q, T> for LookedUp<'q, U> {
    fn write(&self, _: &T, index: usize, out: &mut Out<'q>) -> Written {
        self.0.write(index, out).unwrap_or_else(|| {
            out.raw("null");
            Ok(())
        })
    }
}

/// The object with the given id.
pub struct Find<U>(PhantomData<fn() -> U>);

impl<U> Default for Find<U> {
    fn default() -> Self {
        Find(PhantomData)
    }
}

impl<T: Object, U: Object + Stored + Entity> Relation<T> for Find<U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<U>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        vec![argument::<ID>(registry, "id", "Which object: its id, or its bare UUID.")]
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let id = match selected.argument::<ID>(cx.env, "id") {
            Ok(given) => given.parse::<Id<U>>().map_err(|error| bad_input(error.to_string(), &["id"])),
            Err(error) => Err(error),
        };
        match id {
            Ok(id) => {
                let keys = vec![Some(id); parents.len()];
                Ok(Ok(Box::new(LookedUp(Found::load::<T>(cx, By::Given, &keys, selected)?))))
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

/// The object with the given natural key. An argument is its name and its description.
pub enum FindBy<U> {
    Key {
        argument: (&'static str, &'static str),
        query: fn(Id<Tenant>, &str) -> Query<U>,
    },
    /// Several objects may have the key: a number says which one.
    Numbered {
        argument: (&'static str, &'static str),
        number: (&'static str, &'static str),
        query: fn(Id<Tenant>, &str, Option<i32>) -> Query<U>,
    },
}

impl<U: Stored> FindBy<U> {
    /// Which object is meant; none where there can be none.
    fn query(&self, cx: &Cx<'_, '_>, selected: &Selected<'_>) -> Result<Option<Query<U>>, ServerError> {
        let (FindBy::Key { argument, .. } | FindBy::Numbered { argument, .. }) = self;
        let key = selected.argument::<String>(cx.env, argument.0)?;
        // Nothing stored contains NUL, and PostgreSQL would refuse to compare with it.
        if key.contains('\0') {
            return Ok(None);
        }
        Ok(Some(match self {
            FindBy::Key { query, .. } => query(cx.tenant, key.trim()),
            FindBy::Numbered { number, query, .. } => {
                query(cx.tenant, key.trim(), selected.argument::<Option<i32>>(cx.env, number.0)?)
            }
        }))
    }
}

impl<T: Object, U: Object + Stored> Relation<T> for FindBy<U> {
    fn type_name(&self, registry: &mut Registry) -> String {
        object::<U>(registry)
    }
    fn nullable(&self) -> bool {
        true
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        let (FindBy::Key { argument: (name, about), .. } | FindBy::Numbered { argument: (name, about), .. }) = self;
        let mut arguments = vec![argument::<String>(registry, name, about)];
        if let FindBy::Numbered { number: (name, about), .. } = self {
            arguments.push(argument::<Option<i32>>(registry, name, about));
        }
        arguments
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let found = match self.query(cx, selected) {
            Ok(Some(query)) => {
                let columns = columns::<U>(cx.env, &selected.sets);
                cx.all(query.only(columns.as_deref()).most(1))?.pop()
            }
            Ok(None) => None,
            Err(error) => return Ok(Err(error)),
        };
        let place = if found.is_some() { Place::Row(0) } else { Place::NoKey };
        let rows: Vec<U> = found.into_iter().collect();
        let view = View::load(cx, &rows.iter().collect::<Vec<_>>(), &selected.sets)?;
        Ok(Ok(Box::new(LookedUp(Found { rows, places: vec![place; parents.len()], view }))))
    }
}

/// One of the types that `node` may answer.
pub struct AnyNode<T> {
    pub(super) name: &'static str,
    pub(super) prefix: &'static str,
    /// Which scope it takes to see one, where reading is not enough.
    pub(super) needs: Option<Scope>,
    /// Reads the objects with some ids, and answers how each is written.
    pub(super) load: Load<T>,
    pub(super) register: fn(&mut Registry) -> String,
}

impl<T: Object> AnyNode<T> {
    pub fn of<U: Object + Stored + Entity>() -> Self {
        AnyNode {
            name: &of::<U>().name,
            prefix: U::PREFIX,
            needs: None,
            load: |cx, ids, selected| {
                let keys: Vec<Option<Id<U>>> = ids.iter().map(|id| id.map(|id| Id::new(id.uuid()))).collect();
                Ok(Box::new(LookedUp(Found::load::<T>(cx, By::Given, &keys, selected)?)))
            },
            register: object::<U>,
        }
    }

    /// A key of a lesser scope gets an error in the place of such an object, whether there is one or not.
    pub fn needs(self, scope: Scope) -> Self {
        AnyNode { needs: Some(scope), ..self }
    }
}

type Load<T> = for<'q> fn(&mut Cx<'_, 'q>, &[Option<Id<()>>], &Selected<'q>) -> Read<Box<dyn Loaded<'q, T> + 'q>>;

/// The object, or the objects, with the given ids: the prefix of an id says which of the types it has.
pub struct Any<T> {
    pub types: Vec<AnyNode<T>>,
    pub many: bool,
}

/// The most ids that `nodes` takes.
const MOST_IDS: usize = 100;

impl<T> Any<T> {
    /// The type that an id has, and the id.
    fn read(&self, given: &str) -> Option<(usize, Id<()>)> {
        let (prefix, _) = given.split_once('_')?;
        let place = self.types.iter().position(|known| known.prefix == prefix)?;
        crate::domain::id::parse_any(given).map(|id| (place, id))
    }
}

impl<T: Object> Relation<T> for Any<T> {
    fn type_name(&self, registry: &mut Registry) -> String {
        for known in &self.types {
            (known.register)(registry);
        }
        let name = node_interface(registry, self.types.iter().map(|known| known.name));
        if self.many { format!("[{name}]!") } else { name }
    }
    fn nullable(&self) -> bool {
        !self.many
    }
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        vec![if self.many {
            argument::<Vec<ID>>(registry, "ids", "Which objects: at most 100 ids.")
        } else {
            argument::<ID>(registry, "id", "Which object. A bare UUID does not say of which type it is.")
        }]
    }
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, _: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>> {
        let name = if self.many { "ids" } else { "id" };
        let given = if self.many {
            selected.argument::<Vec<ID>>(cx.env, name)
        } else {
            selected.argument::<ID>(cx.env, name).map(|id| vec![id])
        };
        let given = match given {
            Ok(given) if given.len() > MOST_IDS => {
                return Ok(Err(bad_input(format!("At most {MOST_IDS} ids are taken at once."), &[name])));
            }
            Ok(given) => given,
            Err(error) => return Ok(Err(error)),
        };
        let mut ids = Vec::with_capacity(given.len());
        for (index, id) in given.iter().enumerate() {
            let Some(read) = self.read(id) else {
                let place = index.to_string();
                let path = if self.many { vec![name, place.as_str()] } else { vec![name] };
                return Ok(Err(bad_input("This is not the id of any object.".to_owned(), &path)));
            };
            ids.push(read);
        }
        let mut groups = Vec::new();
        for (place, known) in self.types.iter().enumerate() {
            let own: Vec<_> = ids.iter().map(|(of, id)| (*of == place).then_some(*id)).collect();
            groups.push(match refused(known.name, known.needs, cx.scope) {
                _ if own.iter().all(Option::is_none) => None,
                Some(error) => Some(Err(error)),
                None => Some(Ok((known.load)(cx, &own, selected)?)),
            });
        }
        let types = ids.into_iter().map(|(place, _)| Some(place)).collect();
        Ok(Ok(Box::new(AnyLoaded { groups, types, many: self.many, pos: selected.field.pos })))
    }
}

pub(super) struct AnyLoaded<'q, T> {
    /// What was loaded of each type, or why it was not.
    pub groups: Vec<Option<Fetched<'q, T>>>,
    /// The type of each id; none where it is none that is known.
    pub types: Vec<Option<usize>>,
    /// Whether each parent has all of them, and not one each.
    pub many: bool,
    pub pos: Pos,
}

impl<'q, T> AnyLoaded<'q, T> {
    fn one(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written {
        let place = self.types.get(index).copied().flatten();
        let group = place.and_then(|place| self.groups.get(place)).and_then(Option::as_ref);
        match group {
            Some(Ok(group)) => group.write(parent, index, out),
            Some(Err(error)) => Err(out.fail(error.clone(), self.pos)),
            None => {
                out.raw("null");
                Ok(())
            }
        }
    }
}

impl<'q, T> Loaded<'q, T> for AnyLoaded<'q, T> {
    fn write(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written {
        if self.many {
            out.list(self.types.len(), true, |out, index| self.one(parent, index, out))
        } else {
            self.one(parent, index, out)
        }
    }
}
