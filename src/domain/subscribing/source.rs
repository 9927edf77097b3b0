//! What is charged: the payment method that the request names, or the customer's own (`billwerk.md` §2.1).

use super::{Cx, Request};
use crate::domain::customer::Customer;
use crate::domain::payment_method::{PaymentMethod, PaymentToken, Source, invalid_token, method_not_found};
use crate::domain::subscription::{SignupMethod, Terms};
use crate::domain::{ErrorCode, Id, Instant, Refusal};

/// What a source names, as far as there is such a thing.
#[derive(Clone, Debug)]
pub enum SourceFound {
    Method(Option<PaymentMethod>),
    Token(Option<PaymentToken>),
    /// None is named: the customer's newest active method, if it has one.
    Own(Option<PaymentMethod>),
}

impl SourceFound {
    /// Whether there is something to charge.
    pub fn is_chargeable(&self) -> bool {
        match self {
            SourceFound::Method(found) | SourceFound::Own(found) => found.is_some(),
            SourceFound::Token(found) => found.is_some(),
        }
    }
}

/// How the payment method is obtained: a source needs no word beside it.
pub(super) fn signup_method(request: &Request) -> Option<SignupMethod> {
    request.payment.signup_method.or(request.payment.source.as_ref().map(|_| SignupMethod::Source))
}

/// The method that is to be charged; none where there is none, or where a token is to become one.
pub(super) fn decide(cx: &Cx<'_>) -> Result<Option<Id<PaymentMethod>>, Refusal> {
    let payment = &cx.request.payment;
    if payment.conditional_create && signup_method(cx.request) != Some(SignupMethod::Source) {
        let message = "A creation that depends on a payment needs a source to charge: signupMethod SOURCE.";
        return Err(Refusal::new(ErrorCode::SourceNotAllowed, message).at(&["conditionalCreate"]));
    }
    choose(signup_method(cx.request), payment.source.as_deref(), &cx.situation.source, cx.situation.customer.id, cx.now)
}

impl Terms {
    /// How a draft that is activated gets its payment method. A source that is named now takes the place of asking the
    /// customer; what the draft itself named was found when it was created.
    pub fn sign_up(&mut self, source: Option<&str>) -> Option<SignupMethod> {
        if source.is_some() {
            self.signup_method = Some(SignupMethod::Source);
            return self.signup_method;
        }
        self.signup_method.filter(|method| *method != SignupMethod::Source)
    }
}

/// The method that a source names; `found` is what there is of it.
pub fn choose(
    method: Option<SignupMethod>,
    source: Option<&str>,
    found: &SourceFound,
    customer: Id<Customer>,
    now: Instant,
) -> Result<Option<Id<PaymentMethod>>, Refusal> {
    let blamed = |refusal: Refusal| refusal.at(&["source"]);
    if source.is_some() && matches!(method, Some(SignupMethod::Email | SignupMethod::Link)) {
        let message = "This signup method asks the customer for a payment method: leave the source out.";
        return Err(blamed(Refusal::new(ErrorCode::SourceNotAllowed, message)));
    }
    if method == Some(SignupMethod::Source) {
        Source::parse(source.unwrap_or_default()).map_err(blamed)?;
    }
    match found {
        SourceFound::Method(found) => {
            let found = found.as_ref().ok_or_else(|| blamed(method_not_found()))?;
            found.chargeable_for(customer).map_err(blamed)?;
            Ok(Some(found.id))
        }
        SourceFound::Token(found) => {
            let found = found.as_ref().ok_or_else(|| blamed(invalid_token()))?;
            found.usable_by(Some(customer), now).map_err(blamed)?;
            Ok(None)
        }
        // Who is asked by mail or by a link has not said yet what is to be charged.
        SourceFound::Own(_) if method.is_some() => Ok(None),
        SourceFound::Own(found) => Ok(found.as_ref().map(|found| found.id)),
    }
}
