//! One DataLoader a request, which reads each relation for all objects of a level: a hop to a thread that may block for
//! each batch, over the program's own queries and pool.

use async_graphql::dataloader::{DataLoader, Loader};
use perennial::domain::Id;
use perennial::domain::asset::Asset;
use perennial::domain::customer::Customer;
use perennial::domain::order::{Order, OrderItem};
use perennial::domain::product::Product;
use perennial::domain::subscription::Subscription;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Db, Direction, Fault, Query, Read, Slice, Stored, order, subscription};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// Errors are shared by all who wait for a batch.
pub type Failed = Arc<dyn std::error::Error + Send + Sync>;

/// Reads on behalf of a tenant.
#[derive(Clone)]
pub struct Reader {
    db: Db,
    tenant: Id<Tenant>,
}

pub fn loader(db: Db, tenant: Id<Tenant>, delay: Option<Duration>) -> DataLoader<Reader> {
    let loader = DataLoader::new(Reader { db, tenant }, tokio::spawn);
    match delay {
        Some(delay) => loader.delay(delay),
        None => loader,
    }
}

impl Reader {
    /// Runs a statement on a thread that may block.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&mut Conn, Id<Tenant>) -> Read<T> + Send + 'static,
    ) -> Result<T, Failed> {
        let Reader { db, tenant } = self.clone();
        let work = tokio::task::spawn_blocking(move || db.read_once(|conn| read(conn, tenant)));
        match work.await {
            Ok(read) => read.map_err(|fault: Fault| -> Failed { Arc::new(fault) }),
            Err(panicked) => Err(Arc::new(panicked)),
        }
    }

    async fn by_ids<T: Stored>(&self, keys: &[Id<T>], id: fn(&T) -> Id<T>) -> Result<HashMap<Id<T>, T>, Failed> {
        let keys = keys.to_vec();
        let rows = self.read(move |conn, tenant| Query::by_ids(tenant, &keys).load(conn)).await?;
        Ok(rows.into_iter().map(|row| (id(&row), row)).collect())
    }
}

impl Loader<Id<Customer>> for Reader {
    type Value = Customer;
    type Error = Failed;
    async fn load(&self, keys: &[Id<Customer>]) -> Result<HashMap<Id<Customer>, Customer>, Failed> {
        self.by_ids(keys, |customer| customer.id).await
    }
}

impl Loader<Id<Product>> for Reader {
    type Value = Product;
    type Error = Failed;
    async fn load(&self, keys: &[Id<Product>]) -> Result<HashMap<Id<Product>, Product>, Failed> {
        self.by_ids(keys, |product| product.id).await
    }
}

impl Loader<Id<Asset>> for Reader {
    type Value = Asset;
    type Error = Failed;
    async fn load(&self, keys: &[Id<Asset>]) -> Result<HashMap<Id<Asset>, Asset>, Failed> {
        self.by_ids(keys, |asset| asset.id).await
    }
}

/// The items of an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemsOf(pub Id<Order>);

impl Loader<ItemsOf> for Reader {
    type Value = Vec<OrderItem>;
    type Error = Failed;
    async fn load(&self, keys: &[ItemsOf]) -> Result<HashMap<ItemsOf, Vec<OrderItem>>, Failed> {
        let orders: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.read(move |conn, tenant| order::items_of(tenant, &orders).load(conn)).await?;
        Ok(grouped(rows, |item| Some(ItemsOf(item.order_id))))
    }
}

/// The first subscriptions of an order, and one more where there are more.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionsOf(pub Id<Order>, pub usize);

impl Loader<SubscriptionsOf> for Reader {
    type Value = Vec<Subscription>;
    type Error = Failed;
    async fn load(&self, keys: &[SubscriptionsOf]) -> Result<HashMap<SubscriptionsOf, Vec<Subscription>>, Failed> {
        let mut found = HashMap::new();
        // Pages of the same length are read together; a document rarely has two.
        for (first, keys) in grouped(keys.to_vec(), |key| Some(key.1)) {
            let orders: Vec<_> = keys.iter().map(|key| key.0).collect();
            let read = move |conn: &mut Conn, tenant| {
                subscription::of_orders(tenant, &orders).slice(&newest(first, None)).load(conn)
            };
            let rows = self.read(read).await?;
            found.extend(grouped(rows, |row: &Subscription| row.order_id.map(|order| SubscriptionsOf(order, first))));
        }
        Ok(found)
    }
}

fn grouped<K: Eq + Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> Option<K>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(key) = key(&row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
}

/// The first rows of a list, newest first, after the row with this id.
pub fn newest(size: usize, after: Option<Id<()>>) -> Slice {
    let after = after.map(|id| vec![id.into()]);
    Slice { filter: None, keys: Vec::new(), id: Direction::Desc, size, backward: false, after, before: None }
}
