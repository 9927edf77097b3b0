//! Payment methods of customers, and the tokens that they are made from.

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use crate::app::payment_method::{
    AddPaymentMethod, ArchivePaymentMethod, CardGiven, CreateTestToken, PaymentMethodChanged, TokenCreated,
    add_payment_method, archive_payment_method, create_test_token,
};
use crate::app::test_gateway::TestCard;
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::payment_method::{PaymentMethod, PaymentToken, token_id, token_life};
use crate::domain::text;
use async_graphql::{ID, InputObject};

impl Object for PaymentMethod {
    fn declare() -> Type<Self> {
        Type::new("PaymentMethod", "A stored way to charge a customer.")
            .node(|method: &PaymentMethod| method.id)
            .one("customer", "Who is charged by it.", |method| method.customer_id)
            .column("state", "Whether it can be charged.", |method| &method.state)
            .column("label", "What a person knows it by, such as \"Visa 4242\".", |method| &method.label)
            .column("version", "Counts its changes: for `expectedVersion`.", |method| &method.version)
            .column("createdAt", "When it was added.", |method| &method.created_at)
            .column("updatedAt", "When it was last changed.", |method| &method.updated_at)
    }
}

impl Object for PaymentToken {
    fn declare() -> Type<Self> {
        Type::new("PaymentToken", "A token for one use: what a checkout page gets from the gateway for a card.")
            .node(|token: &PaymentToken| token.id)
            .maybe("customer", "The only customer that may use it; null where anybody may.", |token| token.customer_id)
            .column("label", "What a person knows the card by, such as \"Visa 4242\".", |token| &token.label)
            .column("expiresAt", "The moment from which it cannot be used any more.", |token| &token.expires_at)
            .column("usedAt", "When it was used; null before.", |token| &token.used_at)
            .column("createdAt", "When it was made.", |token| &token.created_at)
    }
}

/// A card that is to become a payment method of a customer: `token` or `gatewayToken`.
#[derive(InputObject)]
pub struct AddPaymentMethodInput {
    /// Whose payment method it becomes.
    customer_id: ID,
    /// The token, such as `ct_01k…`. It is used up. For tenants that are charged by the test gateway.
    token: Option<ID>,
    /// What the gateway's own page answered for the card, such as `pm_…` from Stripe.js. For tenants that are charged by
    /// Stripe.
    gateway_token: Option<String>,
}

impl AddPaymentMethodInput {
    fn read(self) -> Result<AddPaymentMethod, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.take("customerId", check::id(self.customer_id));
            let token = check.maybe("token", self.token, |token| token_id(&token).map(CardGiven::Token));
            let by_gateway = check.maybe("gatewayToken", self.gateway_token, |token| {
                text::required(&token, text::HANDLE).map(CardGiven::ByGateway)
            });
            let card = match (token?, by_gateway?) {
                (Some(card), None) | (None, Some(card)) => Ok(card),
                _ => Err("Give either the token or the gatewayToken."),
            };
            let card = check.take("token", card);
            Some(AddPaymentMethod { customer_id: customer_id?, card: card? })
        })
    }
}

/// A payment method that is to be taken out of use.
#[derive(InputObject)]
pub struct ArchivePaymentMethodInput {
    /// Which payment method.
    payment_method_id: ID,
    /// Refuse with CONFLICT unless the payment method is at this version.
    expected_version: Option<i32>,
}

impl ArchivePaymentMethodInput {
    fn read(self) -> Result<ArchivePaymentMethod, Vec<Refusal>> {
        Check::input(|check| {
            let payment_method_id = check.take("paymentMethodId", check::id(self.payment_method_id));
            Some(ArchivePaymentMethod {
                payment_method_id: payment_method_id?,
                expected_version: self.expected_version,
            })
        })
    }
}

/// How long a test token lives where nothing is said, in seconds: an hour.
const TEST_TOKEN_LIFE: i32 = 3600;

/// A new token of the test gateway.
#[derive(InputObject)]
pub struct CreateTestTokenInput {
    /// The card that it is for, which says what comes of its charges.
    card: Wire<TestCard>,
    /// The only customer that may use it; anybody where there is none.
    customer_id: Option<ID>,
    /// How many seconds it lives: 1 to 86400; 3600 where there is none.
    expires_in_seconds: Option<i32>,
}

impl CreateTestTokenInput {
    fn read(self) -> Result<CreateTestToken, Vec<Refusal>> {
        Check::input(|check| {
            let customer_id = check.maybe("customerId", self.customer_id, check::id);
            let seconds = self.expires_in_seconds.unwrap_or(TEST_TOKEN_LIFE);
            let life = check.take("expiresInSeconds", token_life(seconds));
            Some(CreateTestToken { card: self.card.0, customer_id: customer_id?, life: life? })
        })
    }
}

payload! {
    /// What `addPaymentMethod` answers.
    AddPaymentMethodPayload of PaymentMethodChanged {
        /// The new payment method.
        "paymentMethod": PaymentMethod => |changed| Some(changed.payment_method),
    }
}
payload! {
    /// What `archivePaymentMethod` answers.
    ArchivePaymentMethodPayload of PaymentMethodChanged {
        /// The payment method as it is now.
        "paymentMethod": PaymentMethod => |changed| Some(changed.payment_method),
    }
}
payload! {
    /// What `createTestToken` answers.
    CreateTestTokenPayload of TokenCreated {
        /// The new token.
        "paymentToken": PaymentToken => |created| Some(created.payment_token),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "addPaymentMethod",
            "Stores the card behind a token as a payment method of a customer, and uses the token up. Errors: \
             VALIDATION_ERROR, CUSTOMER_NOT_FOUND, INVALID_TOKEN (there is none, or it is for another customer), \
             TOKEN_ALREADY_USED (or another request is using it), TOKEN_EXPIRED, PAYMENT_PROCESSING_ERROR (the gateway \
             did not answer).",
            Scope::Write,
            |on, running, input: AddPaymentMethodInput| {
                run::<_, _, AddPaymentMethodPayload>(on, running, input.read(), add_payment_method)
            },
        ),
        Mutation::new(
            "archivePaymentMethod",
            "Takes a payment method out of use. Errors: VALIDATION_ERROR, PAYMENT_METHOD_NOT_FOUND, CONFLICT, \
             PAYMENT_METHOD_NOT_ACTIVE (it was taken out of use before).",
            Scope::Write,
            |on, running, input: ArchivePaymentMethodInput| {
                run::<_, _, ArchivePaymentMethodPayload>(on, running, input.read(), archive_payment_method)
            },
        ),
        Mutation::new(
            "createTestToken",
            "Makes a token of the test gateway, which moves no money: for trying out. Real gateways give tokens by \
             their own checkout pages. Errors: VALIDATION_ERROR (also where the tenant is charged by a real gateway), \
             CUSTOMER_NOT_FOUND.",
            Scope::Write,
            |on, running, input: CreateTestTokenInput| {
                run::<_, _, CreateTestTokenPayload>(on, running, input.read(), create_test_token)
            },
        ),
    ]
}
