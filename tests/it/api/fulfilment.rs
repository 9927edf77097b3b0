//! `fulfilOrderItem`: the scenarios of the domain's own list, and every refusal with nothing changed.

use crate::support::both;
use serde_json::json;

both! {
    a_scan_makes_an_active_subscription(app) {
        let warehouse = app.warehouse();
        let made = app.mutate(
            "fulfilOrderItem",
            warehouse.scan("L1"),
            "subscription { status startDate endDate contractLength monthlyAmount { amount currency } nextBillingDate }
             asset { status customer { id } subscription { status } }
             order { status rentedDevices totalDevices items { fulfilledQuantity } customer { deviceCount monthlyRevenue { amount currency } } }",
        );
        assert_eq!(
            made,
            json!({
                "subscription": {
                    "status": "ACTIVE", "startDate": "2025-01-31T00:00:00Z", "endDate": "2026-01-31T00:00:00Z",
                    "contractLength": 12, "monthlyAmount": {"amount": "129.00", "currency": "EUR"},
                    "nextBillingDate": "2025-01-31",
                },
                "asset": {"status": "RENTED_OUT", "customer": {"id": warehouse.customer}, "subscription": {"status": "ACTIVE"}},
                "order": {
                    "status": "PARTIAL", "rentedDevices": 1, "totalDevices": 4,
                    "items": [{"fulfilledQuantity": 1}, {"fulfilledQuantity": 0}],
                    "customer": {"deviceCount": 1, "monthlyRevenue": [{"amount": "129.00", "currency": "EUR"}]},
                },
                "userErrors": [],
            })
        );
    }

    an_asset_is_rented_out_once(app) {
        let warehouse = app.warehouse();
        app.mutate("fulfilOrderItem", warehouse.scan("L1"), "__typename");
        app.refuses("fulfilOrderItem", warehouse.scan("L1"), &["ASSET_NOT_AVAILABLE"]);
        app.refuses("fulfilOrderItem", warehouse.scan("nowhere"), &["ASSET_NOT_FOUND"]);
    }
}
