//! Assets: taking them in, and changing them by hand. Renting them out is `fulfilment.rs`.

use super::mutation::{Answer, Call, Stop, Work, expect_version};
use super::product::bad_price;
use crate::domain::asset::{Asset, AssetStatus, StatusChange};
use crate::domain::event::EventType;
use crate::domain::order::{self, Order};
use crate::domain::product;
use crate::domain::{Choice, ErrorCode, Id, Money, Refusal};
use crate::repository::{self, Fault, Query};
use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What a client says of a new asset.
#[derive(Clone, Debug)]
pub struct CreateAsset {
    pub serial_number: String,
    pub sku: String,
    /// In the product's currency.
    pub acquisition_cost: Option<BigDecimal>,
    pub location: Option<String>,
    pub notes: Option<String>,
}

/// What a client changes of an asset: what is none stays, what is `Some(None)` is cleared.
#[derive(Clone, Debug)]
pub struct UpdateAsset {
    pub asset_id: Id<Asset>,
    pub expected_version: Option<i32>,
    pub acquisition_cost: Option<Option<BigDecimal>>,
    pub location: Option<Option<String>>,
    pub notes: Option<Option<String>>,
}

/// What a client wants an asset to become.
#[derive(Clone, Debug)]
pub struct ChangeAssetStatus {
    pub asset_id: Id<Asset>,
    pub expected_version: Option<i32>,
    pub change: StatusChange,
    pub notes: Option<String>,
}

/// The asset that was created or changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AssetChanged {
    pub asset: Id<Asset>,
}

pub fn create_asset(call: &Call<'_>, new: &CreateAsset) -> Result<Answer<AssetChanged>, Fault> {
    call.run(|work| {
        let tenant = work.tenant;
        if repository::asset::by_serial_number(tenant, &new.serial_number).first(work.conn())?.is_some() {
            let message = format!("There is an asset with the serial number {:?} already.", new.serial_number);
            return Err(Refusal::new(ErrorCode::DuplicateSerial, message).at(&["serialNumber"]).into());
        }
        let product = repository::product::by_sku(tenant, &new.sku).first(work.conn())?;
        let product = product.ok_or_else(|| product::not_found(&new.sku).at(&["sku"]))?;
        product.offered().map_err(|refusal| refusal.at(&["sku"]))?;
        let cost = new.acquisition_cost.as_ref().map(|cost| Money::try_price(cost, product.currency)).transpose();
        let made = Asset {
            id: work.id(),
            serial_number: new.serial_number.clone(),
            sku: product.sku,
            product_id: product.id,
            status: AssetStatus::Available,
            reason: None,
            reserved_order_id: None,
            customer_id: None,
            subscription_id: None,
            acquisition_cost: cost.map_err(|error| bad_price(&error).at(&["acquisitionCost"]))?,
            location: new.location.clone(),
            notes: new.notes.clone(),
            version: 1,
            created_at: work.now,
            updated_at: work.now,
        };
        repository::asset::insert(work.tx, tenant, &made)?;
        work.event(EventType::AssetCreated, made.id, serde_json::json!({"serialNumber": made.serial_number}));
        Ok(AssetChanged { asset: made.id })
    })
}

pub fn update_asset(call: &Call<'_>, change: &UpdateAsset) -> Result<Answer<AssetChanged>, Fault> {
    call.run(|work| {
        let outcome = AssetChanged { asset: change.asset_id };
        let mut asset = existing(work, change.asset_id)?;
        expect_version(change.expected_version, asset.version, &outcome)?;
        if let Some(cost) = &change.acquisition_cost {
            let product = Query::by_id(work.tenant, asset.product_id).first(work.conn())?;
            let currency = product.map(|product| product.currency);
            let cost = cost.as_ref().zip(currency).map(|(cost, currency)| Money::try_price(cost, currency)).transpose();
            asset.acquisition_cost = cost.map_err(|error| bad_price(&error).at(&["acquisitionCost"]))?;
        }
        asset.location = change.location.clone().unwrap_or(asset.location);
        asset.notes = change.notes.clone().unwrap_or(asset.notes);
        store(work, asset)?;
        Ok(outcome)
    })
}

pub fn change_asset_status(call: &Call<'_>, change: &ChangeAssetStatus) -> Result<Answer<AssetChanged>, Fault> {
    call.run(|work| {
        let outcome = AssetChanged { asset: change.asset_id };
        // The order before the asset, as everywhere. Whoever delivers or cancels it meanwhile waits, and then finds this
        // asset to release.
        let order = match change.change {
            StatusChange::Reserved(id) => Some(Query::by_id(work.tenant, id).hold(work.tx)?),
            _ => None,
        };
        let mut asset = existing(work, change.asset_id)?;
        expect_version(change.expected_version, asset.version, &outcome)?;
        asset.may_become(change.change, work.scope)?;
        if let Some(order) = order {
            let order = order.ok_or_else(order::not_found)?;
            reserve(work, &asset, &order)?;
            // Who is about to deliver the last device sees that there is one more to release.
            repository::order::touch(work.tx, work.tenant, &order, work.now)?;
            work.event(EventType::OrderUpdated, order.id, serde_json::json!({"number": order.number}));
        }
        asset.status = change.change.status();
        asset.reason = match change.change {
            StatusChange::Unavailable(reason) => Some(reason),
            _ => None,
        };
        asset.reserved_order_id = match change.change {
            StatusChange::Reserved(order) => Some(order),
            _ => None,
        };
        asset.notes = change.notes.clone().or(asset.notes);
        store(work, asset)?;
        Ok(outcome)
    })
}

/// Sees whether the order still needs such a device, counting those that are kept for it already.
fn reserve(work: &mut Work<'_, '_>, asset: &Asset, order: &Order) -> Result<(), Stop> {
    let tenant = work.tenant;
    let conn = work.conn();
    let items = repository::order::items_of(tenant, &[order.id]).load(conn)?;
    let kept = repository::asset::reserved_for(tenant, &[order.id]).load(conn)?;
    let kept = kept.iter().filter(|other| other.sku == asset.sku).count();
    Ok(order.may_keep(&items, &asset.sku, kept)?)
}

/// Makes the assets that are kept for an order available again.
pub fn release_kept(work: &mut Work<'_, '_>, order: Id<Order>) -> Result<(), Stop> {
    let tenant = work.tenant;
    for mut asset in repository::asset::reserved_for(tenant, &[order]).load(work.conn())? {
        asset.status = AssetStatus::Available;
        asset.reserved_order_id = None;
        asset.version += 1;
        asset.updated_at = work.now;
        repository::asset::update(work.tx, tenant, &asset)?;
        work.event(EventType::AssetReleased, asset.id, serde_json::json!({"orderId": order}));
    }
    Ok(())
}

fn existing(work: &mut Work<'_, '_>, id: Id<Asset>) -> Result<Asset, Stop> {
    let found = Query::by_id(work.tenant, id).hold(work.tx)?;
    Ok(found.ok_or_else(|| Refusal::new(ErrorCode::AssetNotFound, "There is no such asset.").at(&["assetId"]))?)
}

fn store(work: &mut Work<'_, '_>, mut asset: Asset) -> Result<(), Stop> {
    asset.version += 1;
    asset.updated_at = work.now;
    repository::asset::update(work.tx, work.tenant, &asset)?;
    work.event(EventType::AssetUpdated, asset.id, serde_json::json!({"status": asset.status.name()}));
    Ok(())
}
