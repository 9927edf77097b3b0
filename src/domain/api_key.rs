//! API keys: how a program proves for which tenant it speaks, and what it may do.

use super::choice::choice;
use super::{Entity, ErrorCode, Id, Instant, Refusal};
use chrono::TimeDelta;

/// A key of a tenant. The secret itself is shown once, when the key is made, and never stored.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: Id<ApiKey>,
    pub name: String,
    pub scope: Scope,
    /// Whether it takes registered documents only.
    pub trusted_documents_only: bool,
    pub created_at: Instant,
    /// When it was last seen, to the minute; none before its first use.
    pub last_used_at: Option<Instant>,
    /// From when on it opens nothing.
    pub expires_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

impl Entity for ApiKey {
    const NAME: &'static str = "ApiKey";
    const PREFIX: &'static str = "key";
}

/// Which key took the place of another.
#[derive(Clone, Debug)]
pub struct ApiKeyRotation {
    pub api_key_id: Id<ApiKey>,
    pub replaced_by_id: Id<ApiKey>,
    pub rotated_at: Instant,
}

choice! {
    /// What an API key may do. Each scope includes those before it.
    pub enum Scope {
        /// Read everything of the tenant.
        Read = "READ",
        /// Also change customers, products, assets, orders and subscriptions.
        Write = "WRITE",
        /// Also change the tenant's settings, see and make its API keys, and bring retired assets back.
        Admin = "ADMIN",
    }
}

impl Scope {
    /// Whether a key of this scope may do what needs `needed`.
    pub fn includes(self, needed: Scope) -> bool {
        self >= needed
    }
}

/// What a key allows whoever has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    pub scope: Scope,
    pub trusted_documents_only: bool,
}

impl Grant {
    /// Everything, as the operator of a server may do.
    pub const ALL: Grant = Grant { scope: Scope::Admin, trusted_documents_only: false };

    /// Refuses to give what this grant does not hold: neither another scope, nor documents of one's own choice.
    pub fn may_give(self, given: Grant) -> Result<(), Refusal> {
        let too_much = |message: String| Err(Refusal::new(ErrorCode::ApiKeyGrantsTooMuch, message));
        if !self.scope.includes(given.scope) {
            let own = super::Choice::name(self.scope);
            return too_much(format!("The key that asks has the scope {own}, and can give no more than that."));
        }
        if self.trusted_documents_only && !given.trusted_documents_only {
            let message = "The key that asks takes registered documents only, and can give no more than that.";
            return too_much(message.to_owned());
        }
        Ok(())
    }
}

/// The most hours for which a key that was replaced may still be used.
pub const LONGEST_OVERLAP: i32 = 720;
/// For how many hours it may be, where nobody says so.
pub const OVERLAP: i32 = 24;

impl ApiKey {
    pub fn grant(&self) -> Grant {
        Grant { scope: self.scope, trusted_documents_only: self.trusted_documents_only }
    }

    /// Whether it opens anything.
    pub fn is_active(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether it can make other keys, now and as far as is known: one that was replaced is on its way out.
    pub fn governs(&self, now: Instant, replaced: bool) -> bool {
        self.is_active(now) && !replaced && Grant::ALL == self.grant()
    }

    /// Refuses where the key cannot get a successor.
    pub fn may_be_replaced(&self, now: Instant, replaced: bool) -> Result<(), Refusal> {
        if !self.is_active(now) {
            let message = "The key is revoked or expired: make another one instead.";
            return Err(Refusal::new(ErrorCode::ApiKeyNotActive, message));
        }
        if replaced {
            let message = "The key has a successor already: rotate that one, or revoke it.";
            return Err(Refusal::new(ErrorCode::ApiKeyRotatedAlready, message));
        }
        Ok(())
    }

    /// When it stops opening anything, where it may be used for so long beside its successor: never later than it would
    /// by itself.
    pub fn ending_after(&self, now: Instant, overlap: TimeDelta) -> Instant {
        let end = now + overlap;
        self.expires_at.map_or(end, |own| own.min(end))
    }

    /// When its successor expires, where nobody says so: it lives as long as this one was to live.
    pub fn end_of_successor(&self, now: Instant) -> Option<Instant> {
        self.expires_at.map(|at| now + (at - self.created_at))
    }
}

/// How many days ahead a key may expire.
const LONGEST_LIFE: i64 = 3_650;

/// Refuses an end that does not lie in the future, or beyond what can be foreseen.
pub fn may_expire(now: Instant, at: Option<Instant>) -> Result<(), Refusal> {
    match at {
        Some(at) if at <= now || at - now > TimeDelta::days(LONGEST_LIFE) => {
            let message = format!("A key expires in the future, at most {LONGEST_LIFE} days ahead.");
            Err(Refusal::new(ErrorCode::ValidationError, message))
        }
        _ => Ok(()),
    }
}

/// The refusal for a key that does not exist.
pub fn not_found() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "There is no such API key.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(expires_at: Option<&str>) -> ApiKey {
        ApiKey {
            id: Id::new(uuid::Uuid::nil()),
            name: "till".to_owned(),
            scope: Scope::Write,
            trusted_documents_only: false,
            created_at: at("2025-01-01T00:00:00Z"),
            last_used_at: None,
            expires_at: expires_at.map(at),
            revoked_at: None,
        }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let grant = |scope, trusted_documents_only| Grant { scope, trusted_documents_only };
        for (own, given, fits) in [
            (Grant::ALL, Grant::ALL, true),
            (Grant::ALL, grant(Scope::Read, true), true),
            (grant(Scope::Write, false), grant(Scope::Write, false), true),
            (grant(Scope::Write, false), grant(Scope::Admin, true), false),
            (grant(Scope::Admin, true), grant(Scope::Read, false), false),
            (grant(Scope::Admin, true), grant(Scope::Admin, true), true),
        ] {
            assert_eq!(own.may_give(given).is_ok(), fits, "{own:?} {given:?}");
        }
    }

    #[test]
    fn a_key_ends_at_its_moment_and_no_later_for_being_replaced() {
        let (own, now) = (key(Some("2025-01-11T00:00:00Z")), at("2025-01-10T12:00:00Z"));
        assert!(own.is_active(now) && !own.is_active(at("2025-01-11T00:00:00Z")));
        assert_eq!(own.ending_after(now, TimeDelta::hours(24)), at("2025-01-11T00:00:00Z"));
        assert_eq!(own.ending_after(now, TimeDelta::hours(1)), at("2025-01-10T13:00:00Z"));
        assert_eq!(own.end_of_successor(now), Some(at("2025-01-20T12:00:00Z")));
        assert_eq!((key(None).end_of_successor(now), key(None).is_active(now)), (None, true));
        assert!(may_expire(now, Some(now)).is_err() && may_expire(now, None).is_ok());
        let last = now + TimeDelta::days(LONGEST_LIFE);
        assert!(may_expire(now, Some(last)).is_ok() && may_expire(now, Some(last + TimeDelta::seconds(1))).is_err());
    }
}
