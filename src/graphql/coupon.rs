//! Coupons.

use super::check::{self, Check};
use super::eligible_plans;
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::DateTime;
use crate::app::coupon::{
    CouponChanged, CreateCoupon, UpdateCoupon, archive_coupon, create_coupon, expire_coupon, update_coupon,
};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::coupon::{Coupon, CouponChange, RedemptionStrategy, max_redemptions};
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for Coupon {
    fn declare() -> Type<Self> {
        Type::new("Coupon", "A code that customers redeem for a discount.")
            .node(|coupon: &Coupon| coupon.id)
            .column("code", "The code: unique in the tenant, without regard to case, and never changed.", |coupon| {
                &coupon.code
            })
            .column("name", "The name, which invoices show.", |coupon| &coupon.name)
            .one("discount", "What it gives.", |coupon| coupon.discount_id)
            .computed("allPlans", "Whether it can be redeemed with every plan.", |coupon| {
                coupon.eligible_plans.is_all()
            })
            .computed(
                "eligiblePlans",
                "The codes of the plans that it can be redeemed with; none are named where it is every plan.",
                |coupon| coupon.eligible_plans.codes().to_vec(),
            )
            .column("maxRedemptions", "How often it can be redeemed; null where that is not limited.", |coupon| {
                &coupon.max_redemptions
            })
            .column("redemptions", "How often it was redeemed.", |coupon| &coupon.redemptions)
            .column("validFrom", "The moment from which it can be redeemed; null where it could be always.", |coupon| {
                &coupon.valid_from
            })
            .column(
                "validUntil",
                "The moment from which it cannot be redeemed any more, whether its state says so already or not; null \
                 where there is none.",
                |coupon| &coupon.valid_until,
            )
            .column("redemptionStrategy", "How often one customer can redeem it.", |coupon| &coupon.strategy)
            .column("state", "Whether it can be redeemed, within its bounds.", |coupon| &coupon.state)
            .column("expireReason", "Why it has expired; null in any other state.", |coupon| &coupon.expire_reason)
            .column("version", "Counts its changes and redemptions: for `expectedVersion`.", |coupon| &coupon.version)
            .column("createdAt", "When it was created.", |coupon| &coupon.created_at)
            .column("updatedAt", "When it was last changed.", |coupon| &coupon.updated_at)
    }
}

/// A new coupon.
#[derive(InputObject)]
pub struct CreateCouponInput {
    /// The code: unique in the tenant, without regard to case, and never changed.
    code: String,
    /// The name, which invoices show.
    name: String,
    /// The code of the discount that it gives.
    discount: String,
    /// Whether it can be redeemed with every plan: true, unless plans are named.
    all_plans: Option<bool>,
    /// The codes of the plans that it can be redeemed with, where that is not every one.
    eligible_plans: Option<Vec<String>>,
    /// How often it can be redeemed: 1 or more. That is not limited where this is left out.
    max_redemptions: Option<i32>,
    /// The moment from which it can be redeemed; at once where there is none.
    valid_from: Option<DateTime>,
    /// The moment from which it cannot be redeemed any more; there is none where this is left out.
    valid_until: Option<DateTime>,
    /// How often one customer can redeem it: ONCE_PER_CUSTOMER where this is left out.
    redemption_strategy: Option<Wire<RedemptionStrategy>>,
}

impl CreateCouponInput {
    fn read(self) -> Result<CreateCoupon, Vec<Refusal>> {
        Check::input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let discount = check.take("discount", check::code(self.discount));
            let eligible_plans = eligible_plans::new(check, self.all_plans, self.eligible_plans);
            let max_redemptions = check.maybe("maxRedemptions", self.max_redemptions, max_redemptions);
            let valid_from = check.maybe("validFrom", self.valid_from, check::instant);
            let valid_until = check.maybe("validUntil", self.valid_until, check::instant);
            Some(CreateCoupon {
                code: code?,
                name: name?,
                discount: discount?,
                eligible_plans: eligible_plans?,
                max_redemptions: max_redemptions?,
                valid_from: valid_from?,
                valid_until: valid_until?,
                strategy: self.redemption_strategy.map_or(RedemptionStrategy::OncePerCustomer, |wire| wire.0),
            })
        })
    }
}

/// What to change of a coupon that is active. What is left out stays; null clears.
#[derive(InputObject)]
pub struct UpdateCouponInput {
    /// Which coupon.
    coupon_id: ID,
    /// Refuse with CONFLICT unless the coupon is at this version.
    expected_version: Option<i32>,
    /// The name, which invoices show.
    name: MaybeUndefined<String>,
    /// Whether it can be redeemed with every plan.
    all_plans: MaybeUndefined<bool>,
    /// The codes of the plans that it can be redeemed with: they replace those before.
    eligible_plans: MaybeUndefined<Vec<String>>,
    /// How often it can be redeemed: not less often than it was. One that was redeemed so often expires.
    max_redemptions: MaybeUndefined<i32>,
    /// The moment from which it can be redeemed.
    valid_from: MaybeUndefined<DateTime>,
    /// The moment from which it cannot be redeemed any more.
    valid_until: MaybeUndefined<DateTime>,
}

impl UpdateCouponInput {
    fn read(self) -> Result<UpdateCoupon, Vec<Refusal>> {
        Check::input(|check| {
            let coupon_id = check.take("couponId", check::id(self.coupon_id));
            let name = check.set("name", self.name, check::name);
            let eligible_plans = eligible_plans::change(check, self.all_plans, self.eligible_plans);
            let max_redemptions = check.change("maxRedemptions", self.max_redemptions, max_redemptions);
            let valid_from = check.change("validFrom", self.valid_from, check::instant);
            let valid_until = check.change("validUntil", self.valid_until, check::instant);
            let change = CouponChange {
                name: name?,
                eligible_plans: eligible_plans?,
                max_redemptions: max_redemptions?,
                valid_from: valid_from?,
                valid_until: valid_until?,
            };
            Some(UpdateCoupon { coupon_id: coupon_id?, expected_version: self.expected_version, change })
        })
    }
}

/// Which coupon to end.
#[derive(InputObject)]
pub struct ExpireCouponInput {
    /// Which coupon.
    coupon_id: ID,
    /// Refuse with CONFLICT unless the coupon is at this version.
    expected_version: Option<i32>,
}

/// Which coupon to archive.
#[derive(InputObject)]
pub struct ArchiveCouponInput {
    /// Which coupon.
    coupon_id: ID,
    /// Refuse with CONFLICT unless the coupon is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createCoupon` answers.
    CreateCouponPayload of CouponChanged {
        /// The new coupon.
        "coupon": Coupon => |changed| Some(changed.coupon),
    }
}
payload! {
    /// What `updateCoupon` answers.
    UpdateCouponPayload of CouponChanged {
        /// The coupon as it is now.
        "coupon": Coupon => |changed| Some(changed.coupon),
    }
}
payload! {
    /// What `expireCoupon` answers.
    ExpireCouponPayload of CouponChanged {
        /// The coupon as it is now.
        "coupon": Coupon => |changed| Some(changed.coupon),
    }
}
payload! {
    /// What `archiveCoupon` answers.
    ArchiveCouponPayload of CouponChanged {
        /// The coupon as it is now.
        "coupon": Coupon => |changed| Some(changed.coupon),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createCoupon",
            "Creates a coupon. Errors: VALIDATION_ERROR, DISCOUNT_NOT_FOUND, DISCOUNT_DELETED (it is archived), \
             PLAN_NOT_FOUND, DUPLICATE_COUPON_CODE.",
            Scope::Write,
            |on, running, input: CreateCouponInput| {
                run::<_, _, CreateCouponPayload>(on, running, input.read(), create_coupon)
            },
        ),
        Mutation::new(
            "updateCoupon",
            "Changes a coupon that is active. Errors: VALIDATION_ERROR, COUPON_NOT_FOUND, CONFLICT, COUPON_NOT_ACTIVE, \
             PLAN_NOT_FOUND.",
            Scope::Write,
            |on, running, input: UpdateCouponInput| {
                run::<_, _, UpdateCouponPayload>(on, running, input.read(), update_coupon)
            },
        ),
        Mutation::new(
            "expireCoupon",
            "Ends a coupon now; what was redeemed goes on. Errors: VALIDATION_ERROR, COUPON_NOT_FOUND, CONFLICT, \
             COUPON_NOT_ACTIVE (it has expired already, or is archived).",
            Scope::Write,
            |on, running, input: ExpireCouponInput| {
                let version = input.expected_version;
                let coupon = Check::input(|check| check.take("couponId", check::id(input.coupon_id)));
                run::<_, _, ExpireCouponPayload>(on, running, coupon, |call, coupon| {
                    expire_coupon(call, *coupon, version)
                })
            },
        ),
        Mutation::new(
            "archiveCoupon",
            "Archives a coupon that nobody has redeemed. Errors: VALIDATION_ERROR, COUPON_NOT_FOUND, CONFLICT, \
             COUPON_IN_USE (it was redeemed), COUPON_NOT_ACTIVE (it has expired, or is archived already).",
            Scope::Write,
            |on, running, input: ArchiveCouponInput| {
                let version = input.expected_version;
                let coupon = Check::input(|check| check.take("couponId", check::id(input.coupon_id)));
                run::<_, _, ArchiveCouponPayload>(on, running, coupon, |call, coupon| {
                    archive_coupon(call, *coupon, version)
                })
            },
        ),
    ]
}
