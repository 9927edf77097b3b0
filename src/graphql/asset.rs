//! Assets and their history.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::Decimal;
use crate::app::asset::{
    AssetChanged, ChangeAssetStatus, CreateAsset, UpdateAsset, change_asset_status, create_asset, update_asset,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::asset::{Asset, AssetAssignment, AssetStatus, StatusChange, UnavailableReason};
use crate::repository::asset;
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Asset {
    fn declare() -> Type<Self> {
        Type::new("Asset", "One device, with a serial number.")
            .node(|asset: &Asset| asset.id)
            .column("serialNumber", "The maker's number: unique in the tenant.", |asset| &asset.serial_number)
            .column("sku", "The SKU of its product.", |asset| &asset.sku)
            .one("product", "What kind of device it is.", |asset| asset.product_id)
            .column("status", "Where it is in its life.", |asset| &asset.status)
            .column("unavailableReason", "Why it is UNAVAILABLE; null in any other status.", |asset| &asset.reason)
            .maybe("reservedFor", "The order that it is kept for, while RESERVED; null otherwise.", |asset| {
                asset.reserved_order_id
            })
            .maybe("customer", "Who has it, while RENTED_OUT; null otherwise.", |asset| asset.customer_id)
            .maybe("subscription", "The live subscription that holds it, while RENTED_OUT; null otherwise.", |asset| {
                asset.subscription_id
            })
            .connection("assignments", "Who had it, and when: its history.", asset::assignments_of, |past| {
                past.asset_id
            })
            .maybe_value("acquisitionCost", "What it cost to buy; null where it is not said.", |asset| {
                asset.acquisition_cost.as_ref()
            })
            .column("location", "Where it lies; null where it is not said.", |asset| &asset.location)
            .column("notes", "Internal notes; null where there are none.", |asset| &asset.notes)
            .column("version", "Counts its changes: for `expectedVersion`.", |asset| &asset.version)
            .column("createdAt", "When it was taken in.", |asset| &asset.created_at)
            .column("updatedAt", "When it was last changed.", |asset| &asset.updated_at)
    }
}

impl Object for AssetAssignment {
    fn declare() -> Type<Self> {
        Type::new("AssetAssignment", "A time during which a customer had an asset: [assignedAt, returnedAt).")
            .one("asset", "The device.", |past: &AssetAssignment| past.asset_id)
            .one("customer", "Who had it.", |past| past.customer_id)
            .one("subscription", "The subscription that held it.", |past| past.subscription_id)
            .column("assignedAt", "When it was handed over.", |past| &past.assigned_at)
            .column("returnedAt", "When it came back; null while the customer has it.", |past| &past.returned_at)
    }
}

/// A new asset. It starts AVAILABLE.
#[derive(InputObject)]
pub struct CreateAssetInput {
    /// The maker's number: unique in the tenant.
    serial_number: String,
    /// The SKU of its product.
    sku: String,
    /// What it cost to buy, in the product's currency.
    acquisition_cost: Option<Decimal>,
    /// Where it lies.
    location: Option<String>,
    /// Internal notes: at most 1,000 characters.
    notes: Option<String>,
}

impl CreateAssetInput {
    fn read(self) -> Result<CreateAsset, Vec<Refusal>> {
        Check::input(|check| {
            let serial_number = check.take("serialNumber", check::code(self.serial_number));
            let sku = check.take("sku", check::code(self.sku));
            let cost = check.maybe("acquisitionCost", self.acquisition_cost, check::price);
            let location = check.maybe("location", self.location, check::name);
            let notes = check.maybe("notes", self.notes, check::notes);
            Some(CreateAsset {
                serial_number: serial_number?,
                sku: sku?,
                acquisition_cost: cost?,
                location: location?,
                notes: notes?,
            })
        })
    }
}

/// What to change of an asset. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdateAssetInput {
    /// Which asset.
    asset_id: ID,
    /// Refuse with CONFLICT unless the asset is at this version.
    expected_version: Option<i32>,
    /// What it cost to buy, in the product's currency.
    acquisition_cost: MaybeUndefined<Decimal>,
    /// Where it lies.
    location: MaybeUndefined<String>,
    /// Internal notes: at most 1,000 characters.
    notes: MaybeUndefined<String>,
}

impl UpdateAssetInput {
    fn read(self) -> Result<UpdateAsset, Vec<Refusal>> {
        Check::input(|check| {
            let asset_id = check.take("assetId", check::id(self.asset_id));
            let cost = check.change("acquisitionCost", self.acquisition_cost, check::price);
            let location = check.change("location", self.location, check::name);
            let notes = check.change("notes", self.notes, check::notes);
            Some(UpdateAsset {
                asset_id: asset_id?,
                expected_version: self.expected_version,
                acquisition_cost: cost?,
                location: location?,
                notes: notes?,
            })
        })
    }
}

/// What an asset is to become by hand.
#[derive(InputObject)]
pub struct ChangeAssetStatusInput {
    /// Which asset.
    asset_id: ID,
    /// Refuse with CONFLICT unless the asset is at this version.
    expected_version: Option<i32>,
    /// The new status.
    status: Wire<AssetStatus>,
    /// Why it is UNAVAILABLE: needed for that status, and for no other.
    reason: Option<Wire<UnavailableReason>>,
    /// The order that it is RESERVED for: needed for that status, and for no other.
    order_id: Option<ID>,
    /// Internal notes, in place of those before: at most 1,000 characters.
    notes: Option<String>,
}

impl ChangeAssetStatusInput {
    fn read(self) -> Result<ChangeAssetStatus, Vec<Refusal>> {
        Check::input(|check| {
            let asset_id = check.take("assetId", check::id(self.asset_id));
            let order = check.maybe("orderId", self.order_id, check::id);
            let notes = check.maybe("notes", self.notes, check::notes);
            let status = self.status.0;
            let reason = self.reason.map(|wire| wire.0);
            if reason.is_some() != (status == AssetStatus::Unavailable) {
                let message = match reason {
                    None => "Give the reason for which it is UNAVAILABLE.",
                    Some(_) => "A reason goes with UNAVAILABLE only: leave it out.",
                };
                check.take::<(), _>("reason", Err(message));
            }
            if order.is_some_and(|order| order.is_some() != (status == AssetStatus::Reserved)) {
                let message = match status {
                    AssetStatus::Reserved => "Give the order that it is RESERVED for.",
                    _ => "An order goes with RESERVED only: leave it out.",
                };
                check.take::<(), _>("orderId", Err(message));
            }
            let change = match status {
                AssetStatus::Available => StatusChange::Available,
                AssetStatus::Reserved => StatusChange::Reserved(order??),
                AssetStatus::RentedOut => StatusChange::RentedOut,
                AssetStatus::Returned => StatusChange::Returned,
                AssetStatus::InRepair => StatusChange::InRepair,
                AssetStatus::Unavailable => StatusChange::Unavailable(reason?),
                AssetStatus::Sold => StatusChange::Sold,
                AssetStatus::Retired => StatusChange::Retired,
            };
            Some(ChangeAssetStatus {
                asset_id: asset_id?,
                expected_version: self.expected_version,
                change,
                notes: notes?,
            })
        })
    }
}

payload! {
    /// What `createAsset` answers.
    CreateAssetPayload of AssetChanged {
        /// The new asset.
        "asset": Asset => |changed| Some(changed.asset),
    }
}
payload! {
    /// What `updateAsset` answers.
    UpdateAssetPayload of AssetChanged {
        /// The asset as it is now.
        "asset": Asset => |changed| Some(changed.asset),
    }
}
payload! {
    /// What `changeAssetStatus` answers.
    ChangeAssetStatusPayload of AssetChanged {
        /// The asset as it is now.
        "asset": Asset => |changed| Some(changed.asset),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createAsset",
            "Takes a device in. Errors: VALIDATION_ERROR, DUPLICATE_SERIAL, VARIANT_NOT_FOUND, VARIANT_INACTIVE.",
            Scope::Write,
            |on, running, input: CreateAssetInput| {
                run::<_, _, CreateAssetPayload>(on, running, input.read(), create_asset)
            },
        ),
        Mutation::new(
            "updateAsset",
            "Changes what is known of a device. Errors: VALIDATION_ERROR, ASSET_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: UpdateAssetInput| {
                run::<_, _, UpdateAssetPayload>(on, running, input.read(), update_asset)
            },
        ),
        Mutation::new(
            "changeAssetStatus",
            "Changes a device's status by hand. RENTED_OUT comes and goes with a subscription only. RESERVED keeps it for an \
             order that still needs it, also a PENDING one, until it is scanned, or the order is fulfilled or cancelled. \
             From AVAILABLE: RESERVED, UNAVAILABLE, RETIRED. From RESERVED: AVAILABLE. From RETURNED: AVAILABLE, IN_REPAIR, RETIRED. From \
             IN_REPAIR: AVAILABLE, RETIRED, SOLD. From UNAVAILABLE: RETIRED. From RETIRED: AVAILABLE, by a key of the \
             ADMIN scope. Errors: VALIDATION_ERROR, ASSET_NOT_FOUND, CONFLICT, ASSET_IN_USE, INVALID_STATUS, \
             ORDER_NOT_FOUND, ORDER_NOT_CONFIRMED, SKU_MISMATCH, ITEM_FULLY_FULFILLED (the order needs no more of them).",
            Scope::Write,
            |on, running, input: ChangeAssetStatusInput| {
                run::<_, _, ChangeAssetStatusPayload>(on, running, input.read(), change_asset_status)
            },
        ),
    ]
}
