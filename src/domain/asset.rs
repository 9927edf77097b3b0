//! Assets: single devices with a serial number, and what may become of them (`rental.md` §5).

use super::choice::choice;
use super::customer::Customer;
use super::order::Order;
use super::product::Product;
use super::subscription::Subscription;
use super::{Entity, ErrorCode, Id, Instant, Money, Refusal};
use crate::domain::api_key::Scope;

/// One device.
#[derive(Clone, Debug)]
pub struct Asset {
    pub id: Id<Asset>,
    /// The maker's number: trimmed, unique in the tenant, compared to the letter.
    pub serial_number: String,
    pub sku: String,
    pub product_id: Id<Product>,
    pub status: AssetStatus,
    /// Why it is unavailable; none in any other status.
    pub reason: Option<UnavailableReason>,
    /// The order that it is kept for, while RESERVED.
    pub reserved_order_id: Option<Id<Order>>,
    /// Who has it, while RENTED_OUT.
    pub customer_id: Option<Id<Customer>>,
    /// The live subscription that holds it, while RENTED_OUT.
    pub subscription_id: Option<Id<Subscription>>,
    pub acquisition_cost: Option<Money>,
    pub location: Option<String>,
    pub notes: Option<String>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Entity for Asset {
    const NAME: &'static str = "Asset";
    const PREFIX: &'static str = "ast";
}

/// A time during which a customer had an asset.
#[derive(Clone, Debug)]
pub struct AssetAssignment {
    pub id: Id<AssetAssignment>,
    pub asset_id: Id<Asset>,
    pub subscription_id: Id<Subscription>,
    pub customer_id: Id<Customer>,
    pub assigned_at: Instant,
    /// When it came back; none while the customer has it.
    pub returned_at: Option<Instant>,
}

impl Entity for AssetAssignment {
    const NAME: &'static str = "AssetAssignment";
    const PREFIX: &'static str = "asg";
}

choice! {
    /// Where a device is in its life.
    pub enum AssetStatus {
        /// In the warehouse, free to be rented out.
        Available = "AVAILABLE",
        /// Kept for one order; only a scan for that order may take it.
        Reserved = "RESERVED",
        /// With a customer: exactly one live subscription holds it.
        RentedOut = "RENTED_OUT",
        /// Back, waiting for inspection.
        Returned = "RETURNED",
        /// Being repaired.
        InRepair = "IN_REPAIR",
        /// Out of use; the reason says why.
        Unavailable = "UNAVAILABLE",
        /// Sold. Nothing follows.
        Sold = "SOLD",
        /// Written off. An administrator can bring it back.
        Retired = "RETIRED",
    }
}

choice! {
    /// Why a device is unavailable.
    pub enum UnavailableReason {
        /// It is broken.
        Damaged = "DAMAGED",
        /// Nobody knows where it is.
        Lost = "LOST",
        /// It was stolen.
        Stolen = "STOLEN",
        /// It was removed from the inventory.
        Removed = "REMOVED",
        /// Something else; see the notes.
        Other = "OTHER",
    }
}

/// What a person asks of an asset by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusChange {
    Available,
    /// Keep it for an order.
    Reserved(Id<Order>),
    Returned,
    InRepair,
    Unavailable(UnavailableReason),
    Sold,
    Retired,
    RentedOut,
}

impl StatusChange {
    pub fn status(self) -> AssetStatus {
        match self {
            StatusChange::Available => AssetStatus::Available,
            StatusChange::Reserved(_) => AssetStatus::Reserved,
            StatusChange::Returned => AssetStatus::Returned,
            StatusChange::InRepair => AssetStatus::InRepair,
            StatusChange::Unavailable(_) => AssetStatus::Unavailable,
            StatusChange::Sold => AssetStatus::Sold,
            StatusChange::Retired => AssetStatus::Retired,
            StatusChange::RentedOut => AssetStatus::RentedOut,
        }
    }
}

impl Asset {
    /// Whether a scan for `order` may take the asset: it is available, or kept for this very order.
    pub fn takeable_for(&self, order: Id<Order>) -> Result<(), Refusal> {
        match self.status {
            AssetStatus::Available => Ok(()),
            AssetStatus::Reserved if self.reserved_order_id == Some(order) => Ok(()),
            AssetStatus::Reserved => Err(unavailable(format!("{} is kept for another order.", self.serial_number))),
            AssetStatus::RentedOut => Err(unavailable(match self.subscription_id {
                Some(holder) => format!("{} is rented out on {holder}.", self.serial_number),
                None => format!("{} is rented out.", self.serial_number),
            })),
            other => {
                Err(unavailable(format!("{} is {}: use another device.", self.serial_number, other.name_in_text())))
            }
        }
    }

    /// Whether a person may change the status by hand. RENTED_OUT comes and goes with a subscription only; RETIRED is
    /// left only by an administrator; SOLD is final.
    pub fn may_become(&self, change: StatusChange, scope: Scope) -> Result<(), Refusal> {
        use AssetStatus::{Available, InRepair, RentedOut, Reserved, Retired, Returned, Sold, Unavailable};
        if self.status == RentedOut {
            return Err(Refusal::new(
                ErrorCode::AssetInUse,
                "The asset is rented out: its status follows its subscription.",
            )
            .at(&["status"]));
        }
        let allowed = match (self.status, change.status()) {
            (Available, Reserved | Unavailable | Retired)
            | (Reserved, Available)
            | (Returned, Available | InRepair | Retired)
            | (InRepair, Available | Retired | Sold)
            | (Unavailable, Retired) => true,
            (Retired, Available) => scope.includes(Scope::Admin),
            _ => false,
        };
        if allowed {
            return Ok(());
        }
        let message = match (self.status, change.status()) {
            (_, RentedOut) => "Only a subscription rents an asset out: use fulfilOrderItem.".to_owned(),
            (Retired, Available) => "Only a key of the ADMIN scope brings a retired asset back.".to_owned(),
            (Sold, _) => "The asset is sold.".to_owned(),
            (from, to) if from == to => format!("The asset is {} already.", from.name_in_text()),
            (from, to) => {
                format!("An asset that is {} cannot become {} by hand.", from.name_in_text(), to.name_in_text())
            }
        };
        Err(Refusal::new(ErrorCode::InvalidStatus, message).at(&["status"]))
    }
}

impl AssetStatus {
    fn name_in_text(self) -> &'static str {
        match self {
            AssetStatus::Available => "available",
            AssetStatus::Reserved => "reserved",
            AssetStatus::RentedOut => "rented out",
            AssetStatus::Returned => "returned",
            AssetStatus::InRepair => "in repair",
            AssetStatus::Unavailable => "unavailable",
            AssetStatus::Sold => "sold",
            AssetStatus::Retired => "retired",
        }
    }
}

/// The refusal for an asset that is not free.
pub fn unavailable(message: String) -> Refusal {
    Refusal::new(ErrorCode::AssetNotAvailable, message).at(&["assetSerialNumber"])
}

/// The refusal for a serial number that no asset of the tenant has.
pub fn not_found(serial_number: &str) -> Refusal {
    Refusal::new(
        ErrorCode::AssetNotFound,
        format!("No asset has the serial number {serial_number:?}: check the scan, or create the asset first."),
    )
    .at(&["assetSerialNumber"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice;
    use uuid::Uuid;

    fn asset(status: AssetStatus) -> Asset {
        Asset {
            id: Id::new(Uuid::from_u128(1)),
            serial_number: "SN-1".into(),
            sku: "LAP".into(),
            product_id: Id::new(Uuid::from_u128(2)),
            status,
            reason: None,
            reserved_order_id: (status == AssetStatus::Reserved).then(|| order(7)),
            customer_id: None,
            subscription_id: None,
            acquisition_cost: None,
            location: None,
            notes: None,
            version: 1,
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
        }
    }

    fn order(n: u128) -> Id<Order> {
        Id::new(Uuid::from_u128(n))
    }

    #[test]
    fn only_an_available_asset_or_one_kept_for_the_order_can_be_taken() {
        for (status, _, _) in AssetStatus::ALL {
            let taken = asset(*status).takeable_for(order(7));
            let free = matches!(status, AssetStatus::Available | AssetStatus::Reserved);
            assert_eq!(taken.is_ok(), free, "{status:?}");
            if let Err(refusal) = taken {
                assert_eq!(refusal.code, ErrorCode::AssetNotAvailable);
            }
        }
        assert!(asset(AssetStatus::Reserved).takeable_for(order(8)).is_err());
    }

    /// The whole table of changes by hand: rows are where an asset stands, columns what it is asked to become.
    #[test]
    fn changes_by_hand_follow_the_table() {
        let changes = [
            StatusChange::Available,
            StatusChange::Reserved(order(7)),
            StatusChange::RentedOut,
            StatusChange::Returned,
            StatusChange::InRepair,
            StatusChange::Unavailable(UnavailableReason::Lost),
            StatusChange::Sold,
            StatusChange::Retired,
        ];
        let table = [
            (AssetStatus::Available, ".y...y.y"),
            (AssetStatus::Reserved, "y......."),
            (AssetStatus::RentedOut, "........"),
            (AssetStatus::Returned, "y...y..y"),
            (AssetStatus::InRepair, "y.....yy"),
            (AssetStatus::Unavailable, ".......y"),
            (AssetStatus::Sold, "........"),
            (AssetStatus::Retired, "a......."),
        ];
        for (status, row) in table {
            for (change, cell) in changes.into_iter().zip(row.chars()) {
                for scope in [Scope::Write, Scope::Admin] {
                    let allowed = cell == 'y' || cell == 'a' && scope == Scope::Admin;
                    let answer = asset(status).may_become(change, scope);
                    assert_eq!(answer.is_ok(), allowed, "{status:?} to {change:?} with {scope:?}");
                    if let Err(refusal) = answer {
                        let in_use = status == AssetStatus::RentedOut;
                        let code = if in_use { ErrorCode::AssetInUse } else { ErrorCode::InvalidStatus };
                        assert_eq!(refusal.code, code);
                    }
                }
            }
        }
    }
}
