//! What is charged: the payment method that the request names, or the customer's own (`billwerk.md` §2.1).

use super::{Cx, Request};
use crate::domain::payment_method::{PaymentMethod, PaymentToken, Source, invalid_token, method_not_found};
use crate::domain::subscription::SignupMethod;
use crate::domain::{ErrorCode, Id, Refusal};

/// What a source names, as far as there is such a thing.
#[derive(Clone, Debug)]
pub enum SourceFound {
    Method(Option<PaymentMethod>),
    Token(Option<PaymentToken>),
    /// None is named: the customer's newest active method, if it has one.
    Own(Option<PaymentMethod>),
}

/// How the payment method is obtained: a source needs no word beside it.
pub(super) fn signup_method(request: &Request) -> Option<SignupMethod> {
    request.payment.signup_method.or(request.payment.source.as_ref().map(|_| SignupMethod::Source))
}

/// The method that is to be charged; none where there is none, or where a token is to become one.
pub(super) fn decide(cx: &Cx<'_>) -> Result<Option<Id<PaymentMethod>>, Refusal> {
    let payment = &cx.request.payment;
    let method = signup_method(cx.request);
    let blamed = |refusal: Refusal| refusal.at(&["source"]);
    match (method, &payment.source) {
        (Some(SignupMethod::Email | SignupMethod::Link), Some(_)) => {
            let message = "This signup method asks the customer for a payment method: leave the source out.";
            return Err(Refusal::new(ErrorCode::SourceNotAllowed, message).at(&["source"]));
        }
        (Some(SignupMethod::Source), source) => {
            Source::parse(source.as_deref().unwrap_or_default()).map_err(blamed)?;
        }
        _ if payment.conditional_create => {
            let message = "A creation that depends on a payment needs a source to charge: signupMethod SOURCE.";
            return Err(Refusal::new(ErrorCode::SourceNotAllowed, message).at(&["conditionalCreate"]));
        }
        _ => {}
    }
    let customer = cx.situation.customer.id;
    match &cx.situation.source {
        Some(SourceFound::Method(found)) => {
            let found = found.as_ref().ok_or_else(|| blamed(method_not_found()))?;
            found.chargeable_for(customer).map_err(blamed)?;
            Ok(Some(found.id))
        }
        Some(SourceFound::Token(found)) => {
            let found = found.as_ref().ok_or_else(|| blamed(invalid_token()))?;
            found.usable_by(Some(customer), cx.now).map_err(blamed)?;
            Ok(None)
        }
        // Who is asked by mail or by a link has not said yet what is to be charged.
        Some(SourceFound::Own(_)) if method.is_some() => Ok(None),
        Some(SourceFound::Own(found)) => Ok(found.as_ref().map(|found| found.id)),
        None => Ok(None),
    }
}
