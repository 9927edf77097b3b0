//! What clients are written against: types, inputs and enums that may grow, and never lose anything.

/// A page of a list: its arguments and its type.
pub const PAGE: &str = "first:Int after:String last:Int before:String";

/// What clients are written against: each type with its fields, `name(arguments):Type`. More may be added.
pub const OBJECTS: &[(&str, &str)] = &[
    ("Money", "amount:Decimal! currency:CurrencyCode!"),
    ("Node", "id:ID!"),
    ("PageInfo", "hasNextPage:Boolean! hasPreviousPage:Boolean! startCursor:String endCursor:String"),
    ("UserError", "code:ErrorCode! message:String! field:[String!] number:Int"),
    (
        "Query",
        "node(id:ID!):Node nodes(ids:[ID!]!):[Node]! viewer:Viewer! tenant:Tenant!
         product(id:ID!):Product productBySku(sku:String!):Product products(PAGE LIST Product):ProductConnection!
         customer(id:ID!):Customer customerByExternalId(externalId:String!):Customer
         customers(PAGE LIST Customer):CustomerConnection!
         order(id:ID!):Order orderByNumber(number:String!):Order orders(PAGE LIST Order):OrderConnection!
         asset(id:ID!):Asset assetBySerialNumber(serialNumber:String!):Asset assets(PAGE LIST Asset):AssetConnection!
         subscription(id:ID!):Subscription subscriptionByHandle(handle:String!):Subscription
         subscriptions(PAGE LIST Subscription):SubscriptionConnection!
         plan(id:ID!):Plan planByCode(code:String! version:Int):Plan plans(PAGE LIST Plan):PlanConnection!
         invoice(id:ID!):Invoice invoices(PAGE LIST Invoice):InvoiceConnection!",
    ),
    (
        "Order",
        "id:ID! number:String! status:OrderStatus! customer:Customer! currency:CurrencyCode! items:[OrderItem!]!
         totalDevices:Int! rentedDevices:Int! subscriptions(PAGE):SubscriptionConnection! createdAt:DateTime!
         updatedAt:DateTime!",
    ),
    (
        "OrderItem",
        "id:ID! product:Product! sku:String! quantity:Int! fulfilledQuantity:Int! unitPrice:Money! contractLength:Int!
         subscriptions:[Subscription!]!",
    ),
    (
        "Asset",
        "id:ID! serialNumber:String! sku:String! product:Product! status:AssetStatus! customer:Customer
         subscription:Subscription createdAt:DateTime!",
    ),
    (
        "Subscription",
        "id:ID! handle:String status:SubscriptionStatus! customer:Customer! plan:Plan order:Order orderItem:OrderItem
         asset:Asset billingGroup:BillingGroup parent:Subscription currency:CurrencyCode! timezone:TimeZone! startDate:DateTime! endDate:DateTime
         billingAnchor:DateTime currentPeriodStart:DateTime currentPeriodEnd:DateTime trialStart:DateTime trialEnd:DateTime
         contractLength:Int nextBillingDate:Date paymentSchedule:[ScheduledPayment!]! hostedPaymentLink:String metadata:JSON! notes:String createdAt:DateTime!
         updatedAt:DateTime!",
    ),
    ("ScheduledPayment", "sequence:Int! dueDate:Date! amount:Money! status:ScheduledPaymentStatus! invoice:Invoice"),
    (
        "Mutation",
        "createCustomer(input:CreateCustomerInput!):CreateCustomerPayload!
         createProduct(input:CreateProductInput!):CreateProductPayload!
         createAsset(input:CreateAssetInput!):CreateAssetPayload!
         createOrder(input:CreateOrderInput!):CreateOrderPayload!
         confirmOrder(input:ConfirmOrderInput!):ConfirmOrderPayload!
         cancelOrder(input:CancelOrderInput!):CancelOrderPayload!
         fulfilOrderItem(input:FulfilOrderItemInput!):FulfilOrderItemPayload!
         createBillingGroup(input:CreateBillingGroupInput!):CreateBillingGroupPayload!
         updateTenantSettings(input:UpdateTenantSettingsInput!):UpdateTenantSettingsPayload!
         createPlan(input:CreatePlanInput!):CreatePlanPayload!
         createSubscription(input:CreateSubscriptionInput!):CreateSubscriptionPayload!
         activateSubscription(input:ActivateSubscriptionInput!):ActivateSubscriptionPayload!",
    ),
    ("CreateCustomerPayload", "customer:Customer userErrors:[UserError!]!"),
    ("CreateProductPayload", "product:Product userErrors:[UserError!]!"),
    ("CreateAssetPayload", "asset:Asset userErrors:[UserError!]!"),
    ("CreateOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("ConfirmOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("CancelOrderPayload", "order:Order userErrors:[UserError!]!"),
    ("CreateBillingGroupPayload", "billingGroup:BillingGroup userErrors:[UserError!]!"),
    ("UpdateTenantSettingsPayload", "tenant:Tenant userErrors:[UserError!]!"),
    ("CreatePlanPayload", "plan:Plan userErrors:[UserError!]!"),
    (
        "CreateSubscriptionPayload",
        "subscription:Subscription customer:Customer invoice:Invoice userErrors:[UserError!]!",
    ),
    ("ActivateSubscriptionPayload", "subscription:Subscription invoice:Invoice userErrors:[UserError!]!"),
    ("FulfilOrderItemPayload", "subscription:Subscription order:Order asset:Asset userErrors:[UserError!]!"),
];

/// Inputs with their fields. More may be added, as long as they can be left out.
pub const INPUTS: &[(&str, &str)] = &[
    (
        "CreateCustomerInput",
        "externalId:String email:String name:String! phone:String timezone:TimeZone parentCustomerId:ID metadata:JSON",
    ),
    (
        "CreateProductInput",
        "sku:String! name:String! listPrice:Decimal currency:CurrencyCode rentalPrices:[RentalPriceInput!] metadata:JSON",
    ),
    ("RentalPriceInput", "contractLength:Int! monthlyPrice:Decimal!"),
    ("CreateAssetInput", "serialNumber:String! sku:String! acquisitionCost:Decimal location:String notes:String"),
    (
        "CreateOrderInput",
        "number:String customerId:ID! currency:CurrencyCode items:[OrderItemInput!]! billingGroupId:ID notes:String",
    ),
    ("OrderItemInput", "sku:String! quantity:Int! contractLength:Int! unitPrice:Decimal"),
    ("ConfirmOrderInput", "orderId:ID!"),
    ("CancelOrderInput", "orderId:ID! reason:String"),
    ("CreateBillingGroupInput", "customerId:ID! name:String! billingDay:Int!"),
    ("UpdateTenantSettingsInput", "billingStart:BillingStart timezone:TimeZone defaultCurrency:CurrencyCode"),
    (
        "FulfilOrderItemInput",
        "orderId:ID! assetSerialNumber:String! customerId:ID! orderItemId:ID billingGroupId:ID startDate:Date
         contractLength:Int billingStart:BillingStart notes:String",
    ),
    ("CustomerReferenceInput", "id:ID externalId:String create:CreateCustomerInput"),
    ("PlanReferenceInput", "id:ID code:String"),
    (
        "CreateSubscriptionInput",
        "customer:CustomerReferenceInput! plan:PlanReferenceInput! planVersion:Int handle:String generateHandle:Boolean
         quantity:Int currency:CurrencyCode status:InitialSubscriptionStatus test:Boolean metadata:JSON
         startDate:DateTime endDate:DateTime billingCadence:BillingCadence billingPeriod:BillingPeriod
         billingPeriodCount:Int billingCycle:BillingCycle billingAnchor:DateTime timezone:TimeZone trialStart:DateTime
         trialEnd:DateTime trialDays:Int noTrial:Boolean phases:[SubscriptionPhaseInput!] amount:Decimal
         amountIncludesTax:Boolean noSetupFee:Boolean priceOverrides:[PriceOverrideInput!]
         additionalItems:[SubscriptionItemInput!] addOns:[SubscriptionAddOnInput!] additionalCosts:[AdditionalCostInput!]
         discounts:[SubscriptionDiscountInput!] couponCodes:[String!] entitlements:[String!] commitmentAmount:Decimal
         commitmentDuration:BillingPeriod overageFactor:Decimal enableTrueUp:Boolean prorationBehavior:ProrationBehavior
         collectionMethod:CollectionMethod paymentBehavior:PaymentBehavior paymentTerms:PaymentTerms
         graceDurationSeconds:Int signupMethod:SignupMethod source:String conditionalCreate:Boolean
         parentSubscriptionId:ID invoiceBilling:InvoiceBilling",
    ),
    ("ActivateSubscriptionInput", "subscriptionId:ID! startDate:DateTime"),
];

/// Enums with their values. Only of error codes there may be more.
pub const ENUMS: &[(&str, &str)] = &[
    ("OrderStatus", "PENDING CONFIRMED PARTIAL FULFILLED CANCELLED"),
    ("AssetStatus", "AVAILABLE RESERVED RENTED_OUT RETURNED IN_REPAIR UNAVAILABLE SOLD RETIRED"),
    ("SubscriptionStatus", "DRAFT INCOMPLETE TRIALING ACTIVE PAUSED ENDED CANCELLED"),
    ("BillingStart", "IMMEDIATE FIRST_OF_NEXT_MONTH SAME_DAY_NEXT_MONTH"),
    ("ScheduledPaymentStatus", "SCHEDULED INVOICED PAID FAILED CANCELLED SETTLED_ELSEWHERE"),
    ("BillingCadence", "IN_ADVANCE IN_ARREARS"),
    ("BillingPeriod", "DAY WEEK MONTH QUARTER HALF_YEAR YEAR"),
    ("BillingCycle", "ANNIVERSARY CALENDAR"),
    ("CollectionMethod", "CHARGE_AUTOMATICALLY SEND_INVOICE"),
    ("PaymentBehavior", "DEFAULT_ACTIVE DEFAULT_INCOMPLETE ALLOW_INCOMPLETE ERROR_IF_INCOMPLETE"),
    ("ProrationBehavior", "CREATE_PRORATIONS NONE"),
    ("PaymentTerms", "NET_15 NET_30 NET_45 NET_60 NET_75 NET_90"),
    ("InvoiceBilling", "INVOICE_TO_PARENT INVOICE_TO_SELF"),
    ("SignupMethod", "SOURCE EMAIL LINK"),
    ("InitialSubscriptionStatus", "ACTIVE DRAFT INCOMPLETE"),
    (
        "ErrorCode",
        "ORDER_NOT_FOUND ORDER_NOT_CONFIRMED ITEM_FULLY_FULFILLED ASSET_NOT_FOUND ASSET_NOT_AVAILABLE SKU_MISMATCH
         CUSTOMER_NOT_FOUND PLAN_NOT_FOUND DUPLICATE_HANDLE END_DATE_NOT_IN_FUTURE PAYMENT_METHOD_NOT_FOUND INVALID_TOKEN
         START_DATE_TOO_EARLY NOT_ELIGIBLE_FOR_INVOICE PAYMENT_DECLINED DISCOUNT_NOT_FOUND MULTIPLE_DISCOUNTS_NOT_ALLOWED
         COUPON_NOT_FOUND COUPON_ALREADY_USED TOKEN_ALREADY_USED TOKEN_EXPIRED SOURCE_REQUIRED SOURCE_NOT_ALLOWED
         ADD_ON_NOT_FOUND ADD_ON_ALREADY_ADDED ADD_ON_QUANTITY_NOT_ALLOWED ADD_ON_NOT_ELIGIBLE ENTITLEMENT_NOT_FOUND
         VALIDATION_ERROR NOT_FOUND CONFLICT IDEMPOTENCY_KEY_REUSED",
    ),
];

pub const SCALARS: &[&str] = &["DateTime", "Date", "Decimal", "CurrencyCode", "TimeZone", "JSON"];
