//! The oracle: async-graphql's own executor over the schema's text, whose resolvers look things up in memory.

use super::lists::{Cursors, Page, bad_input, id_of, page, sums};
use super::nulls::Nulls;
use super::store::subscriptions::{UPCOMING, UPCOMING_LATER};
use super::store::{Row, Store, list_of};
use super::types::{Types, named};
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Interface, InterfaceField, Object, ResolverContext,
    Scalar, Schema, TypeRef,
};
use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind};
use async_graphql::{Error, Request, Response, Value};
use perennial::app::Viewer;
use std::sync::{Arc, RwLock};

/// What one tenant sees.
pub struct World {
    pub types: Arc<Types>,
    pub store: Store,
    pub viewer: Viewer,
    pub cursors: RwLock<Cursors>,
}

pub struct Oracle {
    pub world: Arc<World>,
    schema: Schema,
}

impl Oracle {
    pub fn new(world: World) -> Oracle {
        let world = Arc::new(world);
        let mut builder = Schema::build("Query", None, None).extension(Nulls);
        for (name, ty) in world.types.0.iter().filter(|(name, _)| *name != "Mutation") {
            builder = match &ty.kind {
                TypeKind::Scalar => builder.register(Scalar::new(name)),
                TypeKind::Enum(_) => builder.register(Enum::new(name).items(world.types.values(name))),
                TypeKind::InputObject(input) => builder.register(
                    input
                        .fields
                        .iter()
                        .fold(InputObject::new(name), |input, field| input.field(input_value(&field.node))),
                ),
                TypeKind::Interface(interface) => {
                    builder.register(interface.fields.iter().fold(Interface::new(name), |interface, field| {
                        interface
                            .field(InterfaceField::new(field.node.name.node.as_str(), type_ref(&field.node.ty.node)))
                    }))
                }
                TypeKind::Object(object) => {
                    let made = object
                        .implements
                        .iter()
                        .fold(Object::new(name), |made, interface| made.implement(interface.node.as_str()));
                    builder.register(
                        object
                            .fields
                            .iter()
                            .fold(made, |made, field| made.field(self::field(&world, name, &field.node))),
                    )
                }
                TypeKind::Union(_) => panic!("the oracle knows no unions"),
            };
        }
        let schema = builder.finish().expect("the schema's text is a schema");
        Oracle { world, schema }
    }

    pub async fn execute(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }
}

fn type_ref(ty: &Type) -> TypeRef {
    let base = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(inner) => TypeRef::List(Box::new(type_ref(inner))),
    };
    if ty.nullable { base } else { TypeRef::NonNull(Box::new(base)) }
}

fn input_value(definition: &InputValueDefinition) -> InputValue {
    let value = InputValue::new(definition.name.node.as_str(), type_ref(&definition.ty.node));
    match &definition.default_value {
        Some(default) => value.default_value(default.node.clone()),
        None => value,
    }
}

fn field(world: &Arc<World>, ty: &str, definition: &FieldDefinition) -> Field {
    let name = definition.name.node.to_string();
    let to = named(&definition.ty.node).to_owned();
    let (world, ty) = (world.clone(), ty.to_owned());
    let field = Field::new(name.clone(), type_ref(&definition.ty.node), move |cx| {
        let found = find(&world, &ty, &name, &to, &cx);
        FieldFuture::new(async move { found })
    });
    definition.arguments.iter().fold(field, |field, argument| field.argument(input_value(&argument.node)))
}

/// A row at one place of a page.
struct Edge(Arc<Row>, String);

type Found<'a> = Result<Option<FieldValue<'a>>, Error>;

fn find<'a>(world: &Arc<World>, ty: &str, field: &str, to: &str, cx: &ResolverContext<'a>) -> Found<'a> {
    if ty == "Query" {
        return root(world, field, to, cx);
    }
    if let Ok(page) = cx.parent_value.try_downcast_ref::<Arc<Page>>() {
        return Ok(Some(of_page(world, page, field)));
    }
    if let Ok(Edge(row, order)) = cx.parent_value.try_downcast_ref::<Edge>() {
        return Ok(Some(match field {
            "cursor" => FieldValue::value(world.cursors.read().expect("nobody panicked").text(order, row)),
            _ => FieldValue::owned_any(row.clone()),
        }));
    }
    if let Some(Value::Object(fields)) = cx.parent_value.as_value() {
        return Ok(value(world, fields.get(field).unwrap_or(&Value::Null), to));
    }
    let row = cx.parent_value.try_downcast_ref::<Arc<Row>>()?;
    if field == UPCOMING {
        return Ok(value(world, row.cell(upcoming(cx)), to));
    }
    let Some((link, own)) = list_of(ty, field) else { return Ok(value(world, row.cell(field), to)) };
    let of = to.trim_end_matches("Connection");
    let own = world.store.of(of).filter(|child| child.cell(link) == row.cell(own)).cloned();
    if of == to {
        return Ok(Some(FieldValue::list(own.map(FieldValue::owned_any))));
    }
    connection(world, of, own.collect(), cx)
}

fn connection<'a>(world: &Arc<World>, of: &str, rows: Vec<Arc<Row>>, cx: &ResolverContext<'a>) -> Found<'a> {
    let cursors = world.cursors.read().expect("nobody panicked");
    let page = page(&world.types, &cursors, of, rows, cx.args.as_index_map())?;
    Ok(Some(FieldValue::owned_any(Arc::new(page))))
}

fn of_page<'a>(world: &Arc<World>, page: &Arc<Page>, field: &str) -> FieldValue<'a> {
    let rows = page.rows.iter().cloned();
    let cursor =
        |row: Option<&Arc<Row>>| row.map(|row| world.cursors.read().expect("nobody panicked").text(&page.order, row));
    match field {
        "nodes" => FieldValue::list(rows.map(FieldValue::owned_any)),
        "edges" => FieldValue::list(rows.map(|row| FieldValue::owned_any(Edge(row, page.order.clone())))),
        "totalCount" => FieldValue::value(page.total),
        "pageInfo" => FieldValue::value(async_graphql::value!({
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": cursor(page.rows.first()),
            "endCursor": cursor(page.rows.last()),
        })),
        other => panic!("the oracle does not know {other} of a page"),
    }
}

/// A value of a row, or the row that it names.
fn value<'a>(world: &World, value: &Value, to: &str) -> Option<FieldValue<'a>> {
    match value {
        Value::Null => None,
        Value::String(id) if world.types.is_object(to) => world.store.find(to, id).cloned().map(FieldValue::owned_any),
        other => Some(FieldValue::value(other.clone())),
    }
}

fn root<'a>(world: &Arc<World>, field: &str, to: &str, cx: &ResolverContext<'a>) -> Found<'a> {
    let argument = |name: &str| cx.args.get(name).and_then(|value| value.string().ok().map(str::to_owned));
    match field {
        "viewer" => Ok(Some(FieldValue::value(async_graphql::value!({
            "keyId": world.viewer.key_id.to_string(),
            "keyName": world.viewer.key_name.clone(),
            "scope": perennial::domain::Choice::name(world.viewer.scope()),
            "trustedDocumentsOnly": world.viewer.grant.trusted_documents_only,
            "expiresAt": null,
            "tenant": world.viewer.tenant_id.to_string(),
        })))),
        "tenant" => Ok(world.store.of("Tenant").next().cloned().map(FieldValue::owned_any)),
        "node" => node(world, &argument("id").unwrap_or_default()),
        "nodes" => {
            let given = cx.args.try_get("ids")?.as_value().clone();
            let ids = if let Value::List(ids) = given { ids } else { vec![given] };
            let ids: Vec<&str> = ids.iter().map(super::store::text).collect();
            if ids.len() > 100 {
                return Err(bad_input());
            }
            let found = ids.into_iter().map(|id| Ok(node(world, id)?.unwrap_or(FieldValue::NULL)));
            Ok(Some(FieldValue::list(found.collect::<Result<Vec<_>, Error>>()?)))
        }
        "invoiceTotals" => {
            let filter = cx.args.get("filter").map_or(Value::Null, |value| value.as_value().clone());
            let found = sums(&world.types, world.store.of("Invoice").cloned().collect(), &filter)?;
            Ok(Some(FieldValue::list(found.into_iter().map(FieldValue::value))))
        }
        "previewInvoice" => {
            let id = id_of("Subscription", &argument("subscriptionId").unwrap_or_default()).ok_or_else(bad_input)?;
            let row = world.store.find("Subscription", &id);
            Ok(row.and_then(|row| value(world, row.cell(upcoming(cx)), to)))
        }
        _ if to.ends_with("Connection") => {
            let of = to.trim_end_matches("Connection");
            connection(world, of, world.store.of(of).cloned().collect(), cx)
        }
        _ => {
            let Some(given) = argument("id") else {
                return Ok(by_key(world, to, cx)?.map(FieldValue::owned_any));
            };
            let id = id_of(to, &given).ok_or_else(bad_input)?;
            Ok(world.store.find(to, &id).cloned().map(FieldValue::owned_any))
        }
    }
}

/// The cell of the invoice that is foreseen from the moment on that is given.
fn upcoming(cx: &ResolverContext<'_>) -> &'static str {
    match cx.args.get("at").map(|at| at.is_null()) {
        None | Some(true) => UPCOMING,
        Some(false) => UPCOMING_LATER,
    }
}

/// The row with a natural key, which is the argument that has the name of a field. A plan has a row for each version.
fn by_key(world: &World, to: &str, cx: &ResolverContext<'_>) -> Result<Option<Arc<Row>>, Error> {
    let given = cx.args.iter().filter(|(name, _)| name.as_str() != "version");
    let (name, key) = given.into_iter().next().expect("an argument");
    let key = Value::from(key.string()?.trim());
    let which = match cx.args.get("version").map(|version| version.as_value().clone()) {
        None | Some(Value::Null) if to == "Plan" => Some(("state", Value::from("ACTIVE"))),
        None | Some(Value::Null) => None,
        Some(version) => Some(("version", version)),
    };
    let meant = |row: &&Arc<Row>| which.as_ref().is_none_or(|(name, value)| row.cell(name) == value);
    Ok(world.store.of(to).filter(meant).find(|row| *row.cell(name) == key).cloned())
}

/// The object with an id whose prefix says its type.
fn node<'a>(world: &Arc<World>, id: &str) -> Found<'a> {
    let members = world.types.members("Node");
    let read = |ty: &&str| id.contains('_').then(|| id_of(ty, id)).flatten();
    let ty = members.into_iter().find(|ty| read(ty).is_some()).ok_or_else(bad_input)?;
    Ok(world.store.find(ty, id).cloned().map(|row| FieldValue::owned_any(row).with_type(ty.to_owned())))
}
