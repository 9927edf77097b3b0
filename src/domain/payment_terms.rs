//! Payment terms: how long a customer has to pay.

use super::Date;
use super::choice::choice;
use chrono::Days;

choice! {
    /// How long after its issue an invoice is due.
    pub enum PaymentTerms {
        /// 15 days after the issue date.
        Net15 = "NET_15",
        /// 30 days after the issue date.
        Net30 = "NET_30",
        /// 45 days after the issue date.
        Net45 = "NET_45",
        /// 60 days after the issue date.
        Net60 = "NET_60",
        /// 75 days after the issue date.
        Net75 = "NET_75",
        /// 90 days after the issue date.
        Net90 = "NET_90",
    }
}

impl PaymentTerms {
    pub fn days(self) -> u64 {
        match self {
            PaymentTerms::Net15 => 15,
            PaymentTerms::Net30 => 30,
            PaymentTerms::Net45 => 45,
            PaymentTerms::Net60 => 60,
            PaymentTerms::Net75 => 75,
            PaymentTerms::Net90 => 90,
        }
    }
}

/// When an invoice is due: its issue date and the terms, whatever period it bills (`decisions.md` 18). Without terms it
/// is due at once.
pub fn due_date(issued: Date, terms: Option<PaymentTerms>) -> Date {
    let days = terms.map_or(0, PaymentTerms::days);
    issued.checked_add_days(Days::new(days)).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice;

    /// `flexprice.md` V28, and the calendar's corners.
    #[test]
    fn an_invoice_is_due_its_terms_after_its_issue() {
        for (issued, terms, due) in [
            ("2025-02-01", Some(PaymentTerms::Net30), "2025-03-03"),
            ("2024-02-01", Some(PaymentTerms::Net30), "2024-03-02"),
            ("2025-12-31", Some(PaymentTerms::Net15), "2026-01-15"),
            ("2025-01-01", Some(PaymentTerms::Net90), "2025-04-01"),
            ("2025-02-28", None, "2025-02-28"),
        ] {
            assert_eq!(due_date(issued.parse().unwrap(), terms).to_string(), due, "{issued} {terms:?}");
        }
        assert_eq!(due_date(Date::MAX, Some(PaymentTerms::Net15)), Date::MAX);
    }

    #[test]
    fn the_name_says_the_days() {
        for (terms, name, _) in PaymentTerms::ALL {
            assert_eq!(*name, format!("NET_{}", terms.days()));
        }
    }
}
