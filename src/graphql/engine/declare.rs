//! What an object type is: a name, a description, columns and relations.

use super::column::{Borrowed, Column, Computed, Leaf, TypedId};
use super::events::{Events, Named};
use super::foreseen::{Foresee, OfNamed, OfRow};
use super::many::{Alike, Many};
use super::one::{AnyNode, Find, FindBy, One};
use super::page::Connection;
use super::reads::Reads;
use super::single::{Derived, Reckon, Reckoned, Single};
use super::summary::{Summary, Sums};
use super::timed::Timed;
use super::value::{MaybeValue, Value, Values};
use super::view::Relation;
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Entity, Id, Instant};
use crate::repository::{Listed, Query, Stored};
use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{PoisonError, RwLock};

/// A row that clients can read. [`Object::declare`] runs once.
pub trait Object: Sized + Send + Sync + 'static {
    fn declare() -> Type<Self>;
}

/// The declaration of an object type. Its methods are the whole vocabulary. Each adds a field and takes its name, its
/// description, and how its value is found.
pub struct Type<T> {
    pub(super) name: Cow<'static, str>,
    pub(super) about: Cow<'static, str>,
    /// Its identifier, where it is a `Node`.
    pub(super) id: Option<fn(&T) -> Id<T>>,
    pub(super) fields: Vec<Field<T>>,
}

pub(super) struct Field<T> {
    pub name: &'static str,
    pub about: Cow<'static, str>,
    pub kind: Kind<T>,
    /// Which scope it takes to see it, where reading is not enough.
    pub needs: Option<Scope>,
    /// What to use instead, where it is only kept for those who use it already.
    pub deprecated: Option<&'static str>,
    /// What it takes of a row.
    pub reads: Reads,
}

pub(super) enum Kind<T> {
    Column(Box<dyn Column<T>>),
    Relation(Box<dyn Relation<T>>),
}

impl<T: Object> Type<T> {
    pub fn new(name: impl Into<Cow<'static, str>>, about: impl Into<Cow<'static, str>>) -> Self {
        Type { name: name.into(), about: about.into(), id: None, fields: Vec::new() }
    }

    /// Makes it a `Node`, which everything that is not a part of something else should be: gives it its `id`.
    pub fn node(mut self, id: fn(&T) -> Id<T>) -> Self
    where
        T: Entity,
    {
        self.id = Some(id);
        self.with("id", "The identifier, unique among all objects.", Kind::Column(Box::new(TypedId(id))))
            .reading(Reads::Key)
    }

    /// A scalar or an enum that the row holds. An `Option` is a nullable field.
    pub fn column<V: Leaf>(self, name: &'static str, about: &'static str, get: fn(&T) -> &V) -> Self {
        self.with(name, about, Kind::Column(Box::new(Borrowed(get)))).reading(Reads::own(name))
    }

    /// A scalar or an enum that is computed from the row.
    pub fn computed<V: Leaf>(self, name: &'static str, about: &'static str, get: fn(&T) -> V) -> Self {
        self.with(name, about, Kind::Column(Box::new(Computed(get))))
    }

    /// A scalar or an enum that follows from the row and the time at which it is asked for.
    pub fn timed<V: Leaf>(self, name: &'static str, about: &'static str, get: fn(&T, Instant) -> V) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Timed(get))))
    }

    /// An object that is part of the row, such as an amount of money.
    pub fn value<U: Object>(self, name: &'static str, about: &'static str, get: fn(&T) -> &U) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Value(get)))).reading(Reads::part::<U>(name))
    }

    /// An object that is part of the row, or null.
    pub fn maybe_value<U: Object>(self, name: &'static str, about: &'static str, get: fn(&T) -> Option<&U>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(MaybeValue(get)))).reading(Reads::part::<U>(name))
    }

    /// Objects that are part of the row.
    pub fn values<U: Object>(self, name: &'static str, about: &'static str, get: fn(&T) -> Vec<&U>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Values(get))))
    }

    /// The object that the row names.
    pub fn one<U: Object + Stored>(self, name: &'static str, about: &'static str, key: fn(&T) -> Id<U>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(One::Always(key)))).reading(Reads::key(name))
    }

    /// The object that the row names, or null where it names none.
    pub fn maybe<U: Object + Stored>(
        self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> Option<Id<U>>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(One::Perhaps(key)))).reading(Reads::key(name))
    }

    /// The object that the row names, or null where it names none, or where the object is gone by now.
    pub fn remembered<U: Object + Stored>(
        self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> Option<Id<U>>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(One::Remembered(key))))
    }

    /// All objects that name this one: how those of many parents are found, and which parent each of them names. For
    /// lists that stay short; others are connections.
    pub fn many<U: Object + Stored, K: Into<Option<Id<T>>> + 'static>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
        parent: fn(&U) -> K,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Many { query, parent }))).reading(Reads::Key)
    }

    /// The only object that names this one, or null where there is none.
    pub fn single<U: Object + Stored>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
        parent: fn(&U) -> Id<T>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Single { query, parent }))).reading(Reads::Key)
    }

    /// Values that follow from the row together with the only object that names it; none where there is no such object.
    pub fn derived<U: Stored, V: Object>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
        parent: fn(&U) -> Id<T>,
        derive: fn(&T, &U) -> Vec<V>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Derived { query, parent, derive })))
    }

    /// Values that the repository reckons for all rows at once, those of each row in the order of the rows.
    pub fn reckoned<V: Object>(self, name: &'static str, about: &'static str, reckon: Reckon<T, V>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Reckoned(reckon))))
    }

    /// All objects that have a key in common with this one: how those of many keys are found, and where the key is. For
    /// lists that stay short.
    pub fn alike<U: Object + Stored, K: Ord + Clone + 'static>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>, &[K]) -> Query<U>,
        own: fn(&T) -> K,
        other: fn(&U) -> K,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Alike { query, own, other })))
    }

    /// A list of the objects that name this one, to be paged through, filtered and sorted.
    pub fn connection<U: Object + Listed, K: Into<Option<Id<T>>> + 'static>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>, &[Id<T>]) -> Query<U>,
        parent: fn(&U) -> K,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Connection::Below { query, parent }))).reading(Reads::Key)
    }

    /// A list of all objects of a type, to be paged through, filtered and sorted.
    pub fn list<U: Object + Listed>(
        self,
        name: &'static str,
        about: &'static str,
        query: fn(Id<Tenant>) -> Query<U>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Connection::<T, U, Id<T>>::All { query })))
    }

    /// What the objects of a list that meet a filter come to.
    pub fn summary<U: Object + Listed, V: Object>(
        self,
        name: &'static str,
        about: &'static str,
        sums: Sums<V>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Summary::<U, V> { sums, of: PhantomData })))
    }

    /// The object with the given id, or null.
    pub fn find<U: Object + Stored + Entity>(self, name: &'static str, about: &'static str) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Find::<U>::default())))
    }

    /// The object with the given natural key, or null. The argument is a text: its name and its description.
    pub fn find_by<U: Object + Stored>(
        self,
        name: &'static str,
        about: &'static str,
        argument: (&'static str, &'static str),
        query: fn(Id<Tenant>, &str) -> Query<U>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(FindBy::Key { argument, query })))
    }

    /// The object with the given natural key, or null. Where several objects may have the key, a number says which one,
    /// and the query knows the one that is meant without it.
    pub fn find_numbered<U: Object + Stored>(
        self,
        name: &'static str,
        about: &'static str,
        [argument, number]: [(&'static str, &'static str); 2],
        query: fn(Id<Tenant>, &str, Option<i32>) -> Query<U>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(FindBy::Numbered { argument, number, query })))
    }

    /// The object with the given id, whichever of these types it has, or null.
    pub fn any(self, name: &'static str, about: &'static str, types: fn() -> Vec<AnyNode<T>>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(super::one::Any { types: types(), many: false })))
    }

    /// The objects with the given ids, in the order of the ids; null for each that does not exist.
    pub fn any_of(self, name: &'static str, about: &'static str, types: fn() -> Vec<AnyNode<T>>) -> Self {
        self.with(name, about, Kind::Relation(Box::new(super::one::Any { types: types(), many: true })))
    }

    /// The list of all events.
    pub fn events(self, name: &'static str, about: &'static str) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Events)))
    }

    /// The object whose id the row holds as a text, whichever of these types it has; null where it is gone.
    pub fn named(
        self,
        name: &'static str,
        about: &'static str,
        id: fn(&T) -> &str,
        types: fn() -> Vec<AnyNode<T>>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(Named::new(id, types))))
    }

    /// An object that a use case works out of this one, or null. `at` is about the moment as of which that is done.
    pub fn foreseen<V: Object>(
        self,
        name: &'static str,
        about: &'static str,
        at: &'static str,
        foresee: Foresee<T, V>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(OfRow { at, foresee })))
    }

    /// An object that a use case works out of the one that an argument names, or null.
    pub fn foreseen_of<U: Entity, V: Object>(
        self,
        name: &'static str,
        about: &'static str,
        named: (&'static str, &'static str),
        at: &'static str,
        foresee: Foresee<U, V>,
    ) -> Self {
        self.with(name, about, Kind::Relation(Box::new(OfNamed { named, at, foresee })))
    }

    /// Guards the field above it: a key of a lesser scope gets an error in its place. That is decided once for a selected
    /// field, before anything is read for it, and never by what a row holds.
    pub fn needs(mut self, scope: Scope) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.needs = Some(scope);
            let about = std::mem::take(&mut field.about);
            field.about = format!("{about} Needs a key of the scope {}.", scope.name()).into();
        }
        self
    }

    /// The field before it is only kept for those who use it already, which is counted: the reason says what to use
    /// instead.
    #[cfg_attr(not(test), expect(dead_code, reason = "nothing is deprecated yet"))]
    pub fn deprecated(mut self, reason: &'static str) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.deprecated = Some(reason);
        }
        self
    }

    /// The identifier of a row of a `Node`. Only nodes stand where identifiers are asked for.
    pub(super) fn id(&self, row: &T) -> Id<T> {
        self.id.map_or(Id::new(uuid::Uuid::nil()), |id| id(row))
    }

    fn with(mut self, name: &'static str, about: impl Into<Cow<'static, str>>, kind: Kind<T>) -> Self {
        self.fields.push(Field { name, about: about.into(), kind, needs: None, deprecated: None, reads: Reads::Row });
        self
    }

    /// Says what the field just added needs of a row.
    fn reading(mut self, reads: Reads) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.reads = reads;
        }
        self
    }
}

/// The one declaration of `T`.
pub(super) fn of<T: Object>() -> &'static Type<T> {
    static TYPES: RwLock<Option<HashMap<TypeId, &'static (dyn Any + Send + Sync)>>> = RwLock::new(None);
    let types = || TYPES.read().unwrap_or_else(PoisonError::into_inner);
    let known = types().as_ref().and_then(|types| types.get(&TypeId::of::<T>()).copied());
    let ty = known.unwrap_or_else(|| {
        let made: &'static (dyn Any + Send + Sync) = Box::leak(Box::new(T::declare()));
        let mut types = TYPES.write().unwrap_or_else(PoisonError::into_inner);
        *types.get_or_insert_default().entry(TypeId::of::<T>()).or_insert(made)
    });
    match ty.downcast_ref() {
        Some(ty) => ty,
        None => unreachable!("every declaration is kept under the TypeId of its own type"),
    }
}
