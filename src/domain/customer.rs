//! Customers: who orders and rents.

use super::text::Metadata;
use super::{Country, Entity, ErrorCode, Id, Instant, Money, Refusal, Zone};

/// Who orders and rents.
#[derive(Clone, Debug)]
pub struct Customer {
    pub id: Id<Customer>,
    /// The customer's identifier in the tenant's other systems, unique in the tenant.
    pub external_id: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The zone of this customer's subscriptions; the tenant's where there is none.
    pub timezone: Option<Zone>,
    /// The country whose tax its invoices have.
    pub country: Option<Country>,
    pub parent_customer_id: Option<Id<Customer>>,
    pub metadata: Metadata,
    /// How many devices the customer has on live subscriptions.
    pub device_count: i32,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// Since when nothing new begins for it.
    pub archived_at: Option<Instant>,
}

impl Entity for Customer {
    const NAME: &'static str = "Customer";
    const PREFIX: &'static str = "cus";
}

impl Customer {
    /// Refuses where the customer is archived: nothing new begins for it (`billwerk.md` §10.1).
    pub fn active(&self) -> Result<(), Refusal> {
        match self.archived_at {
            None => Ok(()),
            Some(_) => {
                Err(Refusal::new(ErrorCode::CustomerDeleted, "The customer is archived: nothing new begins for it."))
            }
        }
    }

    /// Whether the customer may be archived, which has so many live subscriptions: those that are neither ended nor
    /// cancelled.
    pub fn archivable(&self, live_subscriptions: i64) -> Result<(), Refusal> {
        match live_subscriptions {
            0 => Ok(()),
            live => {
                let message = format!(
                    "The customer has live subscriptions ({live}): it can be archived once all are ended or cancelled."
                );
                Err(Refusal::new(ErrorCode::Conflict, message))
            }
        }
    }
}

/// What a customer's live subscriptions bring in each month, in one currency.
#[derive(Clone, Debug)]
pub struct CustomerRevenue {
    pub customer_id: Id<Customer>,
    pub monthly: Money,
}

/// How many customers may stand above one another.
pub const DEEPEST_FAMILY: usize = 10;

/// Whether `customer` may be placed below a parent: `ancestors` are the parent, its parent and so on.
pub fn place_below(customer: Id<Customer>, ancestors: &[Id<Customer>]) -> Result<(), Refusal> {
    if ancestors.contains(&customer) {
        return Err(Refusal::new(ErrorCode::ParentCycle, "A customer cannot stand above itself."));
    }
    if ancestors.len() >= DEEPEST_FAMILY {
        return Err(Refusal::new(ErrorCode::ValidationError, "At most 10 customers may stand above one another."));
    }
    Ok(())
}

/// Checks an address for mail as far as that can be done without sending any.
pub fn email(text: &str) -> Result<String, &'static str> {
    const MESSAGE: &str = "This is not an email address.";
    let text = super::text::required(text, 254).map_err(|_| MESSAGE)?;
    match text.split_once('@') {
        Some((local, host))
            if !local.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !host.contains('@')
                && !text.contains(char::is_whitespace) =>
        {
            Ok(text)
        }
        _ => Err(MESSAGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_family_has_no_cycle_and_an_end() {
        let id = |n| Id::new(Uuid::from_u128(n));
        assert_eq!(place_below(id(1), &[id(2), id(3)]), Ok(()));
        assert_eq!(place_below(id(1), &[id(2), id(1)]).unwrap_err().code, ErrorCode::ParentCycle);
        let many: Vec<_> = (2..12).map(id).collect();
        assert_eq!(place_below(id(1), &many).unwrap_err().code, ErrorCode::ValidationError);
    }

    fn customer(archived_at: Option<Instant>) -> Customer {
        Customer {
            id: Id::new(Uuid::from_u128(1)),
            external_id: None,
            name: "Jane".to_owned(),
            email: None,
            phone: None,
            timezone: None,
            country: None,
            parent_customer_id: None,
            metadata: Metadata::empty(),
            device_count: 0,
            version: 1,
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
            archived_at,
        }
    }

    #[test]
    fn nothing_new_begins_for_an_archived_customer() {
        assert_eq!(customer(None).active(), Ok(()));
        assert_eq!(customer(Some(Instant::UNIX_EPOCH)).active().unwrap_err().code, ErrorCode::CustomerDeleted);
    }

    #[test]
    fn a_customer_with_live_subscriptions_is_not_archived() {
        assert_eq!(customer(None).archivable(0), Ok(()));
        assert_eq!(customer(None).archivable(1).unwrap_err().code, ErrorCode::Conflict);
    }

    #[test]
    fn an_email_address_has_a_name_and_a_host() {
        assert_eq!(email(" jane@example.com "), Ok("jane@example.com".to_owned()));
        for text in
            ["", "jane", "@example.com", "jane@", "jane@localhost", "a b@example.com", "a@b@example.com", "a@.com"]
        {
            assert!(email(text).is_err(), "{text}");
        }
    }
}
