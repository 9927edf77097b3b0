//! The GraphQL schema: the file at the root is what the program prints, everything is described, and what clients are
//! written against stays.

use async_graphql_parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{Positioned, parse_schema};
use perennial::graphql::schema_sdl;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every type by its name.
fn types() -> BTreeMap<String, TypeDefinition> {
    let document = parse_schema(schema_sdl()).unwrap();
    let definitions = document.definitions.into_iter();
    let types = definitions.filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), ty.node)),
        _ => None,
    });
    types.collect()
}

fn fields(ty: &TypeDefinition) -> Vec<&FieldDefinition> {
    match &ty.kind {
        TypeKind::Object(object) => object.fields.iter().map(|field| &field.node).collect(),
        TypeKind::Interface(interface) => interface.fields.iter().map(|field| &field.node).collect(),
        _ => Vec::new(),
    }
}

fn inputs(ty: &TypeDefinition) -> Vec<&InputValueDefinition> {
    match &ty.kind {
        TypeKind::InputObject(input) => input.fields.iter().map(|field| &field.node).collect(),
        _ => Vec::new(),
    }
}

fn values(ty: &TypeDefinition) -> Vec<String> {
    match &ty.kind {
        TypeKind::Enum(choice) => choice.values.iter().map(|value| value.node.value.node.to_string()).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_file_is_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let printed = format!("{}\n", schema_sdl().trim_end());
    if std::env::var_os("UPDATE_SCHEMA").is_some_and(|value| value == "1") {
        return std::fs::write(file, printed).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap();
    let differs = printed.lines().zip(kept.lines()).position(|(printed, kept)| printed != kept);
    let line = differs.unwrap_or_else(|| printed.lines().count().min(kept.lines().count())) + 1;
    assert!(
        printed == kept,
        "schema.graphql is old from line {line} on: UPDATE_SCHEMA=1 cargo test --test it schema::"
    );
}

#[test]
fn everything_is_described() {
    let mut bare = Vec::new();
    let mut look = |place: String, description: &Option<Positioned<String>>| {
        if description.as_ref().is_none_or(|description| description.node.trim().is_empty()) {
            bare.push(place);
        }
    };
    for (name, ty) in &types() {
        look(name.clone(), &ty.description);
        for field in fields(ty) {
            look(format!("{name}.{}", field.name.node), &field.description);
            for argument in &field.arguments {
                let place = format!("{name}.{}({})", field.name.node, argument.node.name.node);
                look(place, &argument.node.description);
            }
        }
        for input in inputs(ty) {
            look(format!("{name}.{}", input.name.node), &input.description);
        }
        if let TypeKind::Enum(choice) = &ty.kind {
            for value in &choice.values {
                look(format!("{name}.{}", value.node.value.node), &value.node.description);
            }
        }
    }
    assert!(bare.is_empty(), "not described: {bare:?}");
}

#[test]
fn every_mutation_names_its_error_codes() {
    let types = types();
    let known: BTreeSet<String> = values(&types["ErrorCode"]).into_iter().collect();
    let mutations: BTreeMap<String, &str> = fields(&types["Mutation"])
        .into_iter()
        .map(|field| (field.name.node.to_string(), field.description.as_ref().unwrap().node.as_str()))
        .collect();
    let mut named = BTreeSet::new();
    for (name, about) in &mutations {
        let (_, errors) = about.split_once("Errors").unwrap_or_else(|| panic!("{name} names no errors: {about}"));
        let words: Vec<&str> = errors.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
        let is_code = |word: &&str| word.contains('_') || known.contains(*word);
        let codes: Vec<&str> = words.iter().copied().filter(is_code).collect();
        let like_another = words.iter().any(|word| word != name && mutations.contains_key(*word));
        assert!(!codes.is_empty() || like_another, "{name} names no errors: {about}");
        for code in codes {
            assert!(known.contains(code), "{name} names {code}, which is no error code");
            named.insert(code.to_owned());
        }
    }
    // Every mutation can answer this one, so none names it.
    named.insert("IDEMPOTENCY_KEY_REUSED".to_owned());
    let never: Vec<_> = known.difference(&named).collect();
    assert!(never.is_empty(), "no mutation names {never:?}");
}

/// A page of a list: its arguments and its type.
const PAGE: &str = "first:Int after:String last:Int before:String";

/// What clients are written against: each type with its fields, `name(arguments):Type`. More may be added.
const OBJECTS: &[(&str, &str)] = &[
    ("Money", "amount:Decimal! currency:CurrencyCode!"),
    ("Node", "id:ID!"),
    ("PageInfo", "hasNextPage:Boolean! hasPreviousPage:Boolean! startCursor:String endCursor:String"),
    ("UserError", "code:ErrorCode! message:String! field:[String!] number:Int"),
    (
        "Query",
        "node(id:ID!):Node nodes(ids:[ID!]!):[Node]! viewer:Viewer! tenant:Tenant!
         product(id:ID!):Product productBySku(sku:String!):Product products(PAGE LIST Product):ProductConnection!
         plan(id:ID!):Plan planByCode(code:String! version:Int):Plan plans(PAGE LIST Plan):PlanConnection!
         customer(id:ID!):Customer customerByExternalId(externalId:String!):Customer
         customers(PAGE LIST Customer):CustomerConnection!
         order(id:ID!):Order orderByNumber(number:String!):Order orders(PAGE LIST Order):OrderConnection!
         asset(id:ID!):Asset assetBySerialNumber(serialNumber:String!):Asset assets(PAGE LIST Asset):AssetConnection!
         subscription(id:ID!):Subscription subscriptionByHandle(handle:String!):Subscription
         subscriptions(PAGE LIST Subscription):SubscriptionConnection!",
    ),
    (
        "Order",
        "id:ID! number:String! status:OrderStatus! customer:Customer! currency:CurrencyCode! items:[OrderItem!]!
         totalDevices:Int! rentedDevices:Int! subscriptions(PAGE):SubscriptionConnection! createdAt:DateTime!
         updatedAt:DateTime!",
    ),
    (
        "OrderItem",
        "id:ID! product:Product! sku:String! quantity:Int! fulfilledQuantity:Int! unitPrice:Money! contractLength:Int!
         subscriptions:[Subscription!]!",
    ),
    (
        "Asset",
        "id:ID! serialNumber:String! sku:String! product:Product! status:AssetStatus! customer:Customer
         subscription:Subscription createdAt:DateTime!",
    ),
    (
        "Subscription",
        "id:ID! handle:String status:SubscriptionStatus! customer:Customer! order:Order orderItem:OrderItem asset:Asset
         billingGroup:BillingGroup currency:CurrencyCode! timezone:TimeZone! startDate:DateTime! endDate:DateTime
         billingAnchor:DateTime currentPeriodStart:DateTime currentPeriodEnd:DateTime contractLength:Int
         nextBillingDate:Date paymentSchedule:[ScheduledPayment!]! metadata:JSON! notes:String createdAt:DateTime!
         updatedAt:DateTime!",
    ),
    ("ScheduledPayment", "sequence:Int! dueDate:Date! amount:Money! status:ScheduledPaymentStatus!"),
    (
        "Mutation",
        "createCustomer(input:CreateCustomerInput!):CreateCustomerPayload!
         createProduct(input:CreateProductInput!):CreateProductPayload!
         createAsset(input:CreateAssetInput!):CreateAssetPayload!
         createOrder(input:CreateOrderInput!):CreateOrderPayload!
         confirmOrder(input:ConfirmOrderInput!):ConfirmOrderPayload!
         cancelOrder(input:CancelOrderInput!):CancelOrderPayload!
         fulfilOrderItem(input:FulfilOrderItemInput!):FulfilOrderItemPayload!
         createBillingGroup(input:CreateBillingGroupInput!):CreateBillingGroupPayload!
         updateTenantSettings(input:UpdateTenantSettingsInput!):UpdateTenantSettingsPayload!
         createPlan(input:CreatePlanInput!):CreatePlanPayload!",
    ),
    ("CreateCustomerPayload", "customer:Customer userErrors:[UserError!]!"),
    ("CreateProductPayload", "product:Product userErrors:[UserError!]!"),
    ("CreatePlanPayload", "plan:Plan userErrors:[UserError!]!"),
    ("CreateAssetPayload", "asset:Asset userErrors:[UserError!]!"),
    ("CreateOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("ConfirmOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("CancelOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("CreateBillingGroupPayload", "billingGroup:BillingGroup userErrors:[UserError!]!"),
    ("UpdateTenantSettingsPayload", "tenant:Tenant userErrors:[UserError!]!"),
    ("FulfilOrderItemPayload", "subscription:Subscription order:Order asset:Asset userErrors:[UserError!]!"),
];

/// Inputs with their fields. More may be added, as long as they can be left out.
const INPUTS: &[(&str, &str)] = &[
    (
        "CreateCustomerInput",
        "externalId:String email:String name:String! phone:String timezone:TimeZone parentCustomerId:ID metadata:JSON",
    ),
    (
        "CreateProductInput",
        "sku:String! name:String! listPrice:Decimal currency:CurrencyCode rentalPrices:[RentalPriceInput!] metadata:JSON",
    ),
    ("RentalPriceInput", "contractLength:Int! monthlyPrice:Decimal!"),
    ("CreateAssetInput", "serialNumber:String! sku:String! acquisitionCost:Decimal location:String notes:String"),
    (
        "CreateOrderInput",
        "number:String customerId:ID! currency:CurrencyCode items:[OrderItemInput!]! billingGroupId:ID notes:String",
    ),
    ("OrderItemInput", "sku:String! quantity:Int! contractLength:Int! unitPrice:Decimal"),
    ("ConfirmOrderInput", "orderId:ID!"),
    ("CancelOrderInput", "orderId:ID! reason:String"),
    ("CreateBillingGroupInput", "customerId:ID! name:String! billingDay:Int!"),
    ("UpdateTenantSettingsInput", "billingStart:BillingStart timezone:TimeZone defaultCurrency:CurrencyCode"),
    (
        "FulfilOrderItemInput",
        "orderId:ID! assetSerialNumber:String! customerId:ID! orderItemId:ID billingGroupId:ID startDate:Date
         contractLength:Int billingStart:BillingStart notes:String",
    ),
];

/// Enums with their values. Only of error codes there may be more.
const ENUMS: &[(&str, &str)] = &[
    ("OrderStatus", "PENDING CONFIRMED PARTIAL FULFILLED CANCELLED"),
    ("AssetStatus", "AVAILABLE RESERVED RENTED_OUT RETURNED IN_REPAIR UNAVAILABLE SOLD RETIRED"),
    ("SubscriptionStatus", "DRAFT INCOMPLETE TRIALING ACTIVE PAUSED ENDED CANCELLED"),
    ("BillingStart", "IMMEDIATE FIRST_OF_NEXT_MONTH SAME_DAY_NEXT_MONTH"),
    ("ScheduledPaymentStatus", "SCHEDULED INVOICED PAID FAILED CANCELLED SETTLED_ELSEWHERE"),
    ("BillingCadence", "IN_ADVANCE IN_ARREARS"),
    ("BillingPeriod", "DAY WEEK MONTH QUARTER HALF_YEAR YEAR"),
    ("BillingCycle", "ANNIVERSARY CALENDAR"),
    (
        "ErrorCode",
        "ORDER_NOT_FOUND ORDER_NOT_CONFIRMED ITEM_FULLY_FULFILLED ASSET_NOT_FOUND ASSET_NOT_AVAILABLE SKU_MISMATCH
         CUSTOMER_NOT_FOUND DUPLICATE_HANDLE VALIDATION_ERROR NOT_FOUND CONFLICT IDEMPOTENCY_KEY_REUSED",
    ),
];

const SCALARS: &[&str] = &["DateTime", "Date", "Decimal", "CurrencyCode", "TimeZone", "JSON"];

/// One field as the tables write it.
fn signature(field: &FieldDefinition, pinned: &BTreeSet<&str>) -> String {
    // An argument that was added is passed over where it can be left out.
    let arguments = field.arguments.iter().map(|argument| &argument.node);
    let arguments: Vec<String> = arguments
        .filter(|argument| !argument.ty.node.nullable || pinned.contains(argument.name.node.as_str()))
        .map(|argument| format!("{}:{}", argument.name.node, argument.ty.node))
        .collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(" ")) };
    format!("{}{arguments}:{}", field.name.node, field.ty.node)
}

/// Takes a row of a table apart: at spaces outside of brackets.
fn entries(row: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut depth = 0;
    for letter in row.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match letter {
            _ if letter.is_whitespace() && depth == 0 => entries.push(String::new()),
            _ => entries.last_mut().unwrap().push(letter),
        }
    }
    entries.retain(|entry| !entry.is_empty());
    let list = |entry: String| match entry.split_once(" LIST ") {
        Some((before, rest)) => {
            let (noun, after) = rest.split_once(')').unwrap();
            format!("{before} filter:{noun}Filter orderBy:[{noun}Order!]){after}")
        }
        None => entry,
    };
    entries.into_iter().map(list).map(|entry| entry.replace("PAGE", PAGE)).collect()
}

#[test]
fn no_pinned_field_is_gone_or_changed() {
    let types = types();
    for (name, row) in OBJECTS {
        let ty = types.get(*name).unwrap_or_else(|| panic!("{name} is gone"));
        for expected in entries(row) {
            let field_name = expected.split([':', '(']).next().unwrap();
            let field = fields(ty).into_iter().find(|field| field.name.node == field_name);
            let field = field.unwrap_or_else(|| panic!("{name}.{field_name} is gone"));
            let pinned = expected.split(['(', ' ', ')']).filter_map(|part| part.split(':').next()).collect();
            assert_eq!(signature(field, &pinned), expected, "{name}");
        }
        let implements = match &ty.kind {
            TypeKind::Object(object) => object.implements.iter().any(|interface| interface.node == "Node"),
            _ => false,
        };
        let has_id = *name != "Node" && fields(ty).iter().any(|field| field.name.node == "id");
        assert_eq!(implements, has_id, "{name}: what has an id is a Node");
    }
    for name in SCALARS {
        assert!(types.get(*name).is_some_and(|ty| matches!(ty.kind, TypeKind::Scalar)), "{name} is no scalar");
    }
}

#[test]
fn no_pinned_input_asks_for_more_than_it_did() {
    let types = types();
    for (name, row) in INPUTS {
        let ty = types.get(*name).unwrap_or_else(|| panic!("{name} is gone"));
        let expected: BTreeMap<String, String> = entries(row)
            .iter()
            .map(|entry| entry.split_once(':').unwrap())
            .map(|(a, b)| (a.into(), b.into()))
            .collect();
        let found: BTreeMap<String, &InputValueDefinition> =
            inputs(ty).into_iter().map(|input| (input.name.node.to_string(), input)).collect();
        for (field, of) in &expected {
            let input = found.get(field).unwrap_or_else(|| panic!("{name}.{field} is gone"));
            assert_eq!(&input.ty.node.to_string(), of, "{name}.{field}");
        }
        for (field, input) in found.iter().filter(|(field, _)| !expected.contains_key(*field)) {
            let optional = input.ty.node.nullable || input.default_value.is_some();
            assert!(optional, "{name}.{field} was added, so it must be possible to leave it out");
        }
    }
}

#[test]
fn no_pinned_value_is_gone() {
    let types = types();
    for (name, row) in ENUMS {
        let found: BTreeSet<String> = values(&types[*name]).into_iter().collect();
        let expected: BTreeSet<String> = row.split_whitespace().map(str::to_owned).collect();
        let gone: Vec<_> = expected.difference(&found).collect();
        assert!(gone.is_empty(), "{name} lacks {gone:?}");
        assert!(*name == "ErrorCode" || found == expected, "{name} has values that clients do not know: {found:?}");
    }
}

#[test]
fn every_connection_and_filter_has_the_same_shape() {
    let types = types();
    for (name, ty) in &types {
        if let Some(noun) = name.strip_suffix("Connection") {
            let found: BTreeSet<String> = fields(ty).iter().map(|field| signature(field, &BTreeSet::new())).collect();
            let expected = [
                format!("edges:[{noun}Edge!]!"),
                format!("nodes:[{noun}!]!"),
                "pageInfo:PageInfo!".to_owned(),
                "totalCount:Int!".to_owned(),
            ];
            assert_eq!(found, BTreeSet::from(expected), "{name}");
        }
        if name.ends_with("Payload") {
            let errors = fields(ty).into_iter().find(|field| field.name.node == "userErrors");
            assert_eq!(errors.unwrap().ty.node.to_string(), "[UserError!]!", "{name}");
            let certain =
                |field: &&FieldDefinition| !field.ty.node.nullable && !matches!(field.ty.node.base, BaseType::List(_));
            assert_eq!(fields(ty).iter().filter(|field| certain(field)).count(), 0, "{name}: a refusal has no object");
        }
        if name.ends_with("Filter") {
            for (field, of) in [("and", format!("[{name}!]")), ("or", format!("[{name}!]")), ("not", name.clone())] {
                let found = inputs(ty).into_iter().find(|input| input.name.node == field);
                assert_eq!(found.unwrap().ty.node.to_string(), of, "{name}.{field}");
            }
        }
    }
}
