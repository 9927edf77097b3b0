//! Why something is refused: a code that programs read, a message that people read, and the argument to blame.

use super::choice::choice;
use std::borrow::Cow;

choice! {
    /// Why a mutation refused. More codes may be added: treat an unknown one like VALIDATION_ERROR.
    pub enum ErrorCode {
        /// An argument is malformed or out of its range; `field` says which.
        ValidationError = "VALIDATION_ERROR",
        /// The object that an argument names does not exist.
        NotFound = "NOT_FOUND",
        /// The object was changed since the version that was expected, or something that depends on it stands in the way.
        Conflict = "CONFLICT",
        /// The idempotency key was used before, with other arguments.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",

        /// The API key is revoked, or expired.
        ApiKeyNotActive = "API_KEY_NOT_ACTIVE",
        /// The API key has a successor already.
        ApiKeyRotatedAlready = "API_KEY_ROTATED_ALREADY",
        /// A key cannot give more than it may itself.
        ApiKeyGrantsTooMuch = "API_KEY_GRANTS_TOO_MUCH",
        /// Without this key nobody could make another one.
        LastAdminKey = "LAST_ADMIN_KEY",

        /// There is no such order.
        OrderNotFound = "ORDER_NOT_FOUND",
        /// The order is pending or cancelled, so nothing of it can be delivered.
        OrderNotConfirmed = "ORDER_NOT_CONFIRMED",
        /// Only a pending order can be confirmed.
        OrderNotPending = "ORDER_NOT_PENDING",
        /// Devices of this order are rented out already, so it cannot be cancelled.
        OrderNotCancellable = "ORDER_NOT_CANCELLABLE",
        /// It is cancelled already.
        AlreadyCancelled = "ALREADY_CANCELLED",
        /// The order's number is taken.
        DuplicateOrderNumber = "DUPLICATE_ORDER_NUMBER",
        /// Every unit of the item, or of all items that fit, has a subscription already.
        ItemFullyFulfilled = "ITEM_FULLY_FULFILLED",
        /// The order has no such item.
        OrderItemNotFound = "ORDER_ITEM_NOT_FOUND",
        /// There is no price for this contract length.
        InvalidContractLength = "INVALID_CONTRACT_LENGTH",

        /// No asset has this serial number.
        AssetNotFound = "ASSET_NOT_FOUND",
        /// The asset is not free to be rented out.
        AssetNotAvailable = "ASSET_NOT_AVAILABLE",
        /// The asset is no device of the kind that was ordered.
        SkuMismatch = "SKU_MISMATCH",
        /// The asset is rented out, so its status cannot be changed by hand.
        AssetInUse = "ASSET_IN_USE",
        /// The asset cannot go from its status to this one by hand.
        InvalidStatus = "INVALID_STATUS",
        /// The serial number is taken.
        DuplicateSerial = "DUPLICATE_SERIAL",

        /// No product has this SKU.
        VariantNotFound = "VARIANT_NOT_FOUND",
        /// The product is no longer offered.
        VariantInactive = "VARIANT_INACTIVE",
        /// The SKU is taken.
        DuplicateSku = "DUPLICATE_SKU",
        /// The prices contradict each other.
        InvalidPricing = "INVALID_PRICING",

        /// There is no such customer.
        CustomerNotFound = "CUSTOMER_NOT_FOUND",
        /// The order belongs to another customer.
        CustomerMismatch = "CUSTOMER_MISMATCH",
        /// The external id, or another handle, is taken.
        DuplicateHandle = "DUPLICATE_HANDLE",
        /// A customer cannot stand above itself.
        ParentCycle = "PARENT_CYCLE",

        /// There is no such active billing group of this customer.
        BillingGroupNotFound = "BILLING_GROUP_NOT_FOUND",
        /// A billing day lies between 1 and 28.
        InvalidBillingDay = "INVALID_BILLING_DAY",
        /// The amounts are in different currencies.
        CurrencyMismatch = "CURRENCY_MISMATCH",

        /// The customer is archived, so nothing new begins for it.
        CustomerDeleted = "CUSTOMER_DELETED",
        /// The request names no customer.
        MissingCustomer = "MISSING_CUSTOMER",
        /// The request is a test, but the tenant is live.
        TestOnLiveTenant = "TEST_ON_LIVE_TENANT",
        /// The request is not a test, but the tenant is.
        LiveOnTestTenant = "LIVE_ON_TEST_TENANT",

        /// The tenant is live, and time runs by itself for it.
        ClockOfLiveTenant = "CLOCK_OF_LIVE_TENANT",
        /// A clock is never set back.
        ClockGoesForwardOnly = "CLOCK_GOES_FORWARD_ONLY",

        /// There is no such plan, or no such version of it, or it is archived.
        PlanNotFound = "PLAN_NOT_FOUND",
        /// The plan has no price in this currency for this billing period.
        NoPriceInCurrency = "NO_PRICE_IN_CURRENCY",
        /// There is no such feature, or it is archived.
        EntitlementNotFound = "ENTITLEMENT_NOT_FOUND",

        /// There is no such meter, or it is archived.
        MeterNotFound = "METER_NOT_FOUND",
        /// The feature has a meter already.
        FeatureAlreadyMetered = "FEATURE_ALREADY_METERED",
        /// Another event was recorded with this identifier.
        DuplicateUsageEvent = "DUPLICATE_USAGE_EVENT",
        /// The usage lies in the future.
        UsageInFuture = "USAGE_IN_FUTURE",
        /// The usage lies before the subscription's start or after its end, or the subscription is a draft.
        UsageOutsideSubscription = "USAGE_OUTSIDE_SUBSCRIPTION",
        /// The usage lies in a period that is billed already.
        UsagePeriodBilled = "USAGE_PERIOD_BILLED",

        /// The start lies more than one billing period back.
        StartDateTooEarly = "START_DATE_TOO_EARLY",
        /// The end does not lie in the future.
        EndDateNotInFuture = "END_DATE_NOT_IN_FUTURE",
        /// The end lies before the start.
        EndDateBeforeStart = "END_DATE_BEFORE_START",
        /// A billing period is counted in positive whole numbers.
        InvalidBillingPeriodCount = "INVALID_BILLING_PERIOD_COUNT",
        /// The plan's schedule does not take this billing cycle.
        InvalidBillingCycle = "INVALID_BILLING_CYCLE",
        /// A calendar cycle has its own boundaries and takes no anchor.
        InvalidBillingAnchor = "INVALID_BILLING_ANCHOR",
        /// The trial contradicts itself.
        InvalidTrial = "INVALID_TRIAL",
        /// A start in the past cannot be prorated.
        ProrationWithPastStart = "PRORATION_WITH_PAST_START",
        /// Entitlements of its own cannot be prorated.
        ProrationWithEntitlements = "PRORATION_WITH_ENTITLEMENTS",

        /// The collection method does not go with this payment behaviour.
        InvalidPaymentBehavior = "INVALID_PAYMENT_BEHAVIOR",
        /// The signup method takes no source.
        SourceNotAllowed = "SOURCE_NOT_ALLOWED",
        /// The signup method asks for a source, and there is none, or it is of no known kind.
        SourceRequired = "SOURCE_REQUIRED",
        /// The customer has no such payment method.
        PaymentMethodNotFound = "PAYMENT_METHOD_NOT_FOUND",
        /// The payment method is not active.
        PaymentMethodNotActive = "PAYMENT_METHOD_NOT_ACTIVE",
        /// The payment method failed before.
        PaymentMethodFailed = "PAYMENT_METHOD_FAILED",
        /// There is no such token.
        InvalidToken = "INVALID_TOKEN",
        /// The token was used before.
        TokenAlreadyUsed = "TOKEN_ALREADY_USED",
        /// The token has expired.
        TokenExpired = "TOKEN_EXPIRED",

        /// There is no such invoice.
        InvoiceNotFound = "INVOICE_NOT_FOUND",
        /// Nothing is to be paid of the invoice: it is paid, void, or a draft.
        InvoiceNotPayable = "INVOICE_NOT_PAYABLE",
        /// The payment is more than is due.
        PaymentTooHigh = "PAYMENT_TOO_HIGH",
        /// There is no such payment.
        PaymentNotFound = "PAYMENT_NOT_FOUND",
        /// The refund is more than what is left of the payment.
        RefundTooHigh = "REFUND_TOO_HIGH",
        /// The invoice does not stand where this can be done with it.
        InvoiceWrongState = "INVOICE_WRONG_STATE",
        /// Something is paid of the invoice, or it is being charged.
        InvoiceHasPayments = "INVOICE_HAS_PAYMENTS",
        /// The credit note is over more than can be credited.
        CreditTooHigh = "CREDIT_TOO_HIGH",
        /// There is no such credit.
        CreditNotFound = "CREDIT_NOT_FOUND",
        /// The credit is used up, or cancelled.
        CreditNotPending = "CREDIT_NOT_PENDING",

        /// There is no such discount.
        DiscountNotFound = "DISCOUNT_NOT_FOUND",
        /// The discount is archived.
        DiscountDeleted = "DISCOUNT_DELETED",
        /// The tenant allows one discount at a time.
        MultipleDiscountsNotAllowed = "MULTIPLE_DISCOUNTS_NOT_ALLOWED",
        /// There is no such coupon, or it cannot be redeemed here or now.
        CouponNotFound = "COUPON_NOT_FOUND",
        /// The coupon was redeemed as often as its strategy allows.
        CouponAlreadyUsed = "COUPON_ALREADY_USED",
        /// The coupon's code is taken.
        DuplicateCouponCode = "DUPLICATE_COUPON_CODE",
        /// The coupon was redeemed and cannot be archived.
        CouponInUse = "COUPON_IN_USE",
        /// The coupon is not active any more.
        CouponNotActive = "COUPON_NOT_ACTIVE",

        /// There is no such add-on.
        AddOnNotFound = "ADD_ON_NOT_FOUND",
        /// The add-on is there already: give each of several a handle of its own.
        AddOnAlreadyAdded = "ADD_ON_ALREADY_ADDED",
        /// An add-on that is on or off has no quantity.
        AddOnQuantityNotAllowed = "ADD_ON_QUANTITY_NOT_ALLOWED",
        /// The add-on is not offered with this plan.
        AddOnNotEligible = "ADD_ON_NOT_ELIGIBLE",
        /// An add-on with a quantity stays one.
        AddOnTypeNotChangeable = "ADD_ON_TYPE_NOT_CHANGEABLE",

        /// The price is none of the plan's.
        PriceNotInPlan = "PRICE_NOT_IN_PLAN",
        /// The price is overridden twice.
        DuplicatePriceOverride = "DUPLICATE_PRICE_OVERRIDE",
        /// The override changes nothing.
        EmptyPriceOverride = "EMPTY_PRICE_OVERRIDE",
        /// Usage is measured, not set.
        QuantityNotAllowed = "QUANTITY_NOT_ALLOWED",
        /// An additional item names one price, or describes one.
        InvalidItem = "INVALID_ITEM",

        /// A draft has no phases.
        PhasesNotAllowedForDraft = "PHASES_NOT_ALLOWED_FOR_DRAFT",
        /// Only the last phase may go on without an end.
        PhaseEndRequired = "PHASE_END_REQUIRED",
        /// A phase ends before it starts.
        PhaseEndBeforeStart = "PHASE_END_BEFORE_START",
        /// Each phase begins where the one before it ends.
        PhasesNotContinuous = "PHASES_NOT_CONTINUOUS",
        /// The phases begin and end with the subscription.
        PhasesNotAligned = "PHASES_NOT_ALIGNED",

        /// A commitment is no negative amount.
        InvalidCommitment = "INVALID_COMMITMENT",
        /// An overage factor is at least 1.
        InvalidOverageFactor = "INVALID_OVERAGE_FACTOR",

        /// There is no such subscription.
        SubscriptionNotFound = "SUBSCRIPTION_NOT_FOUND",
        /// Only a draft can be activated.
        SubscriptionNotDraft = "SUBSCRIPTION_NOT_DRAFT",
        /// The subscription is over.
        SubscriptionOver = "SUBSCRIPTION_OVER",
        /// The parent is not running.
        ParentNotActive = "PARENT_NOT_ACTIVE",
        /// The invoices are to go to a parent, and the customer has none.
        CustomerHasNoParent = "CUSTOMER_HAS_NO_PARENT",

        /// Nothing is invoiced right away, so that nothing can be conditional on its payment.
        NotEligibleForInvoice = "NOT_ELIGIBLE_FOR_INVOICE",
        /// The payment was declined. Nothing was created; the attempt is logged.
        PaymentDeclined = "PAYMENT_DECLINED",
        /// The payment could not be processed. Nothing was created; the attempt is logged.
        PaymentProcessingError = "PAYMENT_PROCESSING_ERROR",
        /// The same request is being processed: send it again in a moment.
        IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS",
    }
}

impl ErrorCode {
    /// The number that Billwerk+ Optimize documents for this refusal (`domain/billwerk.md` §10.1).
    pub fn number(self) -> Option<i32> {
        let number = match self {
            ErrorCode::CustomerNotFound => 9,
            ErrorCode::PlanNotFound => 10,
            ErrorCode::DuplicateHandle => 11,
            ErrorCode::SubscriptionNotFound => 12,
            ErrorCode::SubscriptionOver => 13,
            ErrorCode::EndDateNotInFuture => 14,
            ErrorCode::MissingCustomer => 18,
            ErrorCode::PaymentMethodNotFound => 19,
            ErrorCode::TestOnLiveTenant => 20,
            ErrorCode::LiveOnTestTenant => 21,
            ErrorCode::CreditNotFound => 27,
            ErrorCode::CreditNotPending => 28,
            ErrorCode::InvoiceHasPayments => 30,
            ErrorCode::InvoiceNotFound => 31,
            ErrorCode::InvalidToken => 34,
            ErrorCode::StartDateTooEarly => 37,
            ErrorCode::PaymentMethodNotActive => 42,
            ErrorCode::RefundTooHigh => 65,
            ErrorCode::CustomerDeleted => 71,
            ErrorCode::NotEligibleForInvoice => 75,
            ErrorCode::PaymentDeclined => 77,
            ErrorCode::PaymentProcessingError => 78,
            ErrorCode::InvoiceWrongState => 82,
            ErrorCode::DiscountNotFound => 83,
            ErrorCode::MultipleDiscountsNotAllowed => 85,
            ErrorCode::CouponNotFound => 86,
            ErrorCode::CouponAlreadyUsed => 87,
            ErrorCode::DuplicateCouponCode => 88,
            ErrorCode::CouponInUse => 89,
            ErrorCode::CouponNotActive => 90,
            ErrorCode::TokenAlreadyUsed => 103,
            ErrorCode::TokenExpired => 104,
            ErrorCode::SourceRequired => 110,
            ErrorCode::SourceNotAllowed => 111,
            ErrorCode::AddOnNotFound => 113,
            ErrorCode::AddOnAlreadyAdded => 114,
            ErrorCode::AddOnQuantityNotAllowed => 115,
            ErrorCode::AddOnNotEligible => 116,
            ErrorCode::SubscriptionNotDraft => 119,
            ErrorCode::CreditTooHigh => 120,
            ErrorCode::DiscountDeleted => 121,
            ErrorCode::PaymentMethodFailed => 147,
            ErrorCode::AddOnTypeNotChangeable => 153,
            ErrorCode::CurrencyMismatch => 154,
            ErrorCode::EntitlementNotFound => 169,
            _ => return None,
        };
        Some(number)
    }
}

/// A refusal of one request. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    pub code: ErrorCode,
    /// What is wrong and what to do, for a person.
    pub message: Cow<'static, str>,
    /// The path of the argument to blame, from the field's arguments down; none when no single one is.
    pub field: Option<Vec<String>>,
}

impl Refusal {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code, message: message.into(), field: None }
    }

    /// The same, with the argument that it blames standing below another one.
    pub fn below(self, path: &[&str]) -> Self {
        let own: Vec<String> = self.field.iter().flatten().skip(1).cloned().collect();
        let path: Vec<&str> = path.iter().copied().chain(own.iter().map(String::as_str)).collect();
        self.at(&path)
    }

    /// Blames the argument at `path` below `input`.
    pub fn at(mut self, path: &[&str]) -> Self {
        self.field = Some(std::iter::once("input").chain(path.iter().copied()).map(str::to_owned).collect());
        self
    }
}

/// One thing that is wrong with what is typed in: the name of the argument, as the API spells it, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    pub argument: &'static str,
    pub message: Cow<'static, str>,
}

impl Mistake {
    pub fn new(argument: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Mistake { argument, message: message.into() }
    }
}
