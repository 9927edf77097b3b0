//! The types that the measured queries need, each a plain `#[Object]` with resolvers.

use super::loaders::{Failed, ItemsOf, Reader, SubscriptionsOf, newest};
use super::scalars::{CurrencyCode, DateTime, Decimal};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, EmptyMutation, EmptySubscription, Enum, Error, ID, InputObject, Object, Result, Schema};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perennial::domain::asset::Asset;
use perennial::domain::customer::Customer;
use perennial::domain::order::{Order, OrderItem};
use perennial::domain::product::Product;
use perennial::domain::subscription::Subscription;
use perennial::domain::{Choice, Id, Money};
use perennial::repository::query::Comparison;
use perennial::repository::{Bind, Condition, Query};
use uuid::Uuid;

pub type Plain = Schema<QueryRoot, EmptyMutation, EmptySubscription>;

pub fn schema() -> Plain {
    Schema::build(QueryRoot, EmptyMutation, EmptySubscription).finish()
}

fn loader<'c>(cx: &Context<'c>) -> Result<&'c DataLoader<Reader>> {
    cx.data::<DataLoader<Reader>>()
}

fn failed(error: Failed) -> Error {
    Error::new(error.to_string())
}

/// What a foreign key names.
fn present<T>(found: Result<Option<T>, Failed>) -> Result<T> {
    found.map_err(failed)?.ok_or_else(|| Error::new("The object is gone."))
}

pub struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    async fn order(&self, cx: &Context<'_>, id: ID) -> Result<Option<OrderObject>> {
        let id: Id<Order> = id.parse()?;
        let read = loader(cx)?.loader().read(move |conn, tenant| Query::by_id(tenant, id).first(conn));
        Ok(read.await.map_err(failed)?.map(OrderObject))
    }

    async fn orders(&self, cx: &Context<'_>, first: usize, after: Option<String>) -> Result<OrderConnection> {
        let after = after.as_deref().map(read_cursor).transpose()?;
        let slice = newest(first, after);
        let read = loader(cx)?.loader().read(move |conn, tenant| Query::new(tenant).slice(&slice).load(conn));
        let (nodes, page_info) = page(read.await.map_err(failed)?, first, |order: &Order| order.id.untyped());
        Ok(OrderConnection { nodes: nodes.into_iter().map(OrderObject).collect(), page_info })
    }

    async fn assets(
        &self,
        cx: &Context<'_>,
        first: usize,
        after: Option<String>,
        filter: AssetFilter,
    ) -> Result<AssetConnection> {
        let after = after.as_deref().map(read_cursor).transpose()?;
        let is = |column, text: &str| Condition::Is(column, Comparison::Equal, Bind::Text(text.to_owned()));
        let sku = filter.sku.map(|sku| is("sku", &sku.eq));
        let status = filter.status.map(|status| {
            let status: perennial::domain::asset::AssetStatus = status.eq.into();
            is("status", status.name())
        });
        let mut slice = newest(first, after);
        slice.filter = Some(Condition::All(sku.into_iter().chain(status).collect()));
        let read = loader(cx)?.loader().read(move |conn, tenant| Query::new(tenant).slice(&slice).load(conn));
        let (nodes, page_info) = page(read.await.map_err(failed)?, first, |asset: &Asset| asset.id.untyped());
        Ok(AssetConnection { nodes: nodes.into_iter().map(AssetObject).collect(), page_info })
    }
}

#[derive(InputObject)]
struct AssetFilter {
    status: Option<AssetStatusCondition>,
    sku: Option<StringCondition>,
}

#[derive(InputObject)]
struct AssetStatusCondition {
    eq: AssetStatus,
}

#[derive(InputObject)]
struct StringCondition {
    eq: String,
}

/// Cuts a page from its rows, of which one too many says that there are more.
fn page<T>(mut rows: Vec<T>, first: usize, id: fn(&T) -> Id<()>) -> (Vec<T>, PageInfo) {
    let has_next_page = rows.len() > first;
    rows.truncate(first);
    let end_cursor = rows
        .last()
        .map(|row| URL_SAFE_NO_PAD.encode(serde_json::json!(["-", id(row).uuid().simple().to_string()]).to_string()));
    (rows, PageInfo { has_next_page, end_cursor })
}

fn read_cursor(cursor: &str) -> Result<Id<()>> {
    let (_, id): (String, Uuid) = serde_json::from_slice::<(String, String)>(&URL_SAFE_NO_PAD.decode(cursor)?)
        .map_err(Error::from)
        .and_then(|(order, id)| Ok((order, Uuid::try_parse(&id)?)))?;
    Ok(Id::new(id))
}

struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[Object]
impl PageInfo {
    async fn has_next_page(&self) -> bool {
        self.has_next_page
    }
    async fn end_cursor(&self) -> Option<&str> {
        self.end_cursor.as_deref()
    }
}

macro_rules! connection {
    ($name:ident of $object:ident) => {
        pub struct $name {
            nodes: Vec<$object>,
            page_info: PageInfo,
        }

        #[Object]
        impl $name {
            async fn nodes(&self) -> &[$object] {
                &self.nodes
            }
            async fn page_info(&self) -> &PageInfo {
                &self.page_info
            }
        }
    };
}
connection!(OrderConnection of OrderObject);
connection!(SubscriptionConnection of SubscriptionObject);
connection!(AssetConnection of AssetObject);

/// An enum of the domain as one of the schema.
macro_rules! choice {
    ($name:ident as $domain:literal { $($value:ident),+ }) => {
        #[derive(Enum, Clone, Copy, PartialEq, Eq)]
        #[graphql(remote = $domain)]
        enum $name { $($value),+ }
    };
}
choice!(OrderStatus as "perennial::domain::order::OrderStatus" { Pending, Confirmed, Partial, Fulfilled, Cancelled });
choice!(AssetStatus as "perennial::domain::asset::AssetStatus" {
    Available, Reserved, RentedOut, Returned, InRepair, Unavailable, Sold, Retired
});
choice!(SubscriptionStatus as "perennial::domain::subscription::SubscriptionStatus" {
    Draft, Incomplete, Trialing, Active, Paused, Ended, Cancelled
});

pub struct OrderObject(Order);

#[Object(name = "Order")]
impl OrderObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn number(&self) -> &str {
        &self.0.number
    }
    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }
    async fn total_devices(&self) -> i32 {
        self.0.total_devices
    }
    async fn rented_devices(&self) -> i32 {
        self.0.rented_devices
    }
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    async fn customer(&self, cx: &Context<'_>) -> Result<CustomerObject> {
        present(loader(cx)?.load_one(self.0.customer_id).await).map(CustomerObject)
    }
    async fn items(&self, cx: &Context<'_>) -> Result<Vec<OrderItemObject>> {
        let items = loader(cx)?.load_one(ItemsOf(self.0.id)).await.map_err(failed)?;
        Ok(items.unwrap_or_default().into_iter().map(OrderItemObject).collect())
    }
    async fn subscriptions(&self, cx: &Context<'_>, first: usize) -> Result<SubscriptionConnection> {
        let found = loader(cx)?.load_one(SubscriptionsOf(self.0.id, first)).await.map_err(failed)?;
        let (nodes, page_info) = page(found.unwrap_or_default(), first, |row: &Subscription| row.id.untyped());
        Ok(SubscriptionConnection { nodes: nodes.into_iter().map(SubscriptionObject).collect(), page_info })
    }
}

pub struct OrderItemObject(OrderItem);

#[Object(name = "OrderItem")]
impl OrderItemObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn sku(&self) -> &str {
        &self.0.sku
    }
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }
    async fn fulfilled_quantity(&self) -> i32 {
        self.0.fulfilled_quantity
    }
    async fn contract_length(&self) -> i32 {
        self.0.contract_length.into()
    }
    async fn unit_price(&self) -> MoneyObject {
        MoneyObject(self.0.unit_price)
    }
    async fn product(&self, cx: &Context<'_>) -> Result<ProductObject> {
        present(loader(cx)?.load_one(self.0.product_id).await).map(ProductObject)
    }
}

pub struct CustomerObject(Customer);

#[Object(name = "Customer")]
impl CustomerObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }
}

pub struct ProductObject(Product);

#[Object(name = "Product")]
impl ProductObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn sku(&self) -> &str {
        &self.0.sku
    }
    async fn name(&self) -> &str {
        &self.0.name
    }
}

pub struct SubscriptionObject(Subscription);

#[Object(name = "Subscription")]
impl SubscriptionObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn status(&self) -> SubscriptionStatus {
        self.0.status.into()
    }
    async fn start_date(&self) -> DateTime {
        DateTime(self.0.start_date)
    }
    async fn end_date(&self) -> Option<DateTime> {
        self.0.end_date.map(DateTime)
    }
    async fn monthly_amount(&self) -> Option<MoneyObject> {
        self.0.monthly_amount.map(MoneyObject)
    }
    async fn asset(&self, cx: &Context<'_>) -> Result<Option<AssetObject>> {
        match self.0.asset_id {
            Some(asset) => present(loader(cx)?.load_one(asset).await).map(|asset| Some(AssetObject(asset))),
            None => Ok(None),
        }
    }
}

pub struct AssetObject(Asset);

#[Object(name = "Asset")]
impl AssetObject {
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    async fn serial_number(&self) -> &str {
        &self.0.serial_number
    }
    async fn sku(&self) -> &str {
        &self.0.sku
    }
    async fn status(&self) -> AssetStatus {
        self.0.status.into()
    }
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

pub struct MoneyObject(Money);

#[Object(name = "Money")]
impl MoneyObject {
    async fn amount(&self) -> Decimal {
        Decimal(self.0)
    }
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }
}
