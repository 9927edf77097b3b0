// `fulfilOrderItem` in one transaction: the same checks and the same rows as Perennial's. The order is locked first, so
// that two scans of one order wait for each other; then the device, the item and the customer.
import { randomBytes } from "node:crypto";

class Refusal extends Error {}

function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export async function fulfilOrderItem(_, { input }, { pool, tenant, load }) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const made = await fulfil(client, tenant, input);
    await client.query("COMMIT");
    return {
      subscription: load.subscription.load(made),
      order: load.order.load(input.orderId),
      userErrors: [],
    };
  } catch (error) {
    await client.query("ROLLBACK");
    if (error instanceof Refusal) {
      return { userErrors: [{ code: error.message, message: "It cannot be fulfilled." }] };
    }
    throw error;
  } finally {
    client.release();
  }
}

async function fulfil(client, tenant, { orderId, customerId, assetSerialNumber }) {
  // The text is the name, shortened: PostgreSQL keeps the plan of a statement with a name.
  const rows = async (name, text, values) => (await client.query({ name: `fulfil ${name}`, text, values })).rows;
  const check = (holds, code) => {
    if (!holds) throw new Refusal(code);
  };

  const [order] = await rows("order", "SELECT * FROM orders WHERE tenant_id = $1 AND id = $2 FOR UPDATE", [
    tenant,
    orderId,
  ]);
  check(order, "ORDER_NOT_FOUND");
  check(order.status !== "FULFILLED", "ORDER_FULLY_FULFILLED");
  check(["CONFIRMED", "PARTIAL"].includes(order.status), "ORDER_NOT_CONFIRMED");

  const [asset] = await rows(
    "asset",
    "SELECT * FROM assets WHERE tenant_id = $1 AND serial_number = $2 FOR UPDATE",
    [tenant, assetSerialNumber],
  );
  check(asset, "ASSET_NOT_FOUND");
  const kept = asset.status === "RESERVED" && asset.reserved_order_id === order.id;
  check(asset.status === "AVAILABLE" || kept, "ASSET_UNAVAILABLE");

  const [item] = await rows(
    "item",
    `SELECT * FROM order_items
     WHERE tenant_id = $1 AND order_id = $2 AND sku = $3 AND fulfilled_quantity < quantity
     ORDER BY position LIMIT 1 FOR UPDATE`,
    [tenant, order.id, asset.sku],
  );
  check(item, "SKU_MISMATCH");
  check(order.customer_id === customerId, "CUSTOMER_MISMATCH");

  const now = new Date();
  const [settings] = await rows(
    "settings",
    `SELECT timezone, today::TEXT, today::TIMESTAMP AT TIME ZONE timezone AS start,
         (today + make_interval(months => 1)) AT TIME ZONE timezone AS period_end,
         (today + make_interval(months => $3)) AT TIME ZONE timezone AS finish
     FROM tenants, LATERAL (SELECT ($2::TIMESTAMPTZ AT TIME ZONE timezone)::DATE AS today) AS day
     WHERE tenant_id = $1`,
    [tenant, now, item.contract_length],
  );
  const { timezone, today, start, period_end: periodEnd, finish } = settings;

  const rented = order.rented_devices + 1;
  const done = rented === order.total_devices;
  await rows(
    "advance order",
    `UPDATE orders SET rented_devices = $3, status = $4, fulfilled_at = $5, version = version + 1, updated_at = $6
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, order.id, rented, done ? "FULFILLED" : "PARTIAL", done ? now : null, now],
  );
  await rows(
    "advance item",
    "UPDATE order_items SET fulfilled_quantity = fulfilled_quantity + 1 WHERE tenant_id = $1 AND id = $2",
    [tenant, item.id],
  );
  const id = newId();
  await rows(
    "subscription",
    `INSERT INTO subscriptions (tenant_id, id, status, customer_id, order_id, order_item_id, asset_id, billing_group_id,
         currency, timezone, monthly_amount, contract_length, billing_start, start_date, end_date, billing_anchor,
         current_period_start, current_period_end, next_billing_date, next_billing_at, due_at, metadata, version,
         created_at, updated_at)
     VALUES ($1, $2, 'ACTIVE', $3, $4, $5, $6, $7, $8, $9, $10, $11, 'IMMEDIATE', $12, $13, $12, $12, $14, $15, $12, $12,
         '{}', 1, $16, $16)`,
    [
      tenant, id, order.customer_id, order.id, item.id, asset.id, order.billing_group_id, item.currency, timezone,
      item.unit_price, item.contract_length, start, finish, periodEnd, today, now,
    ],
  );
  await rows(
    "payments",
    `INSERT INTO scheduled_payments (tenant_id, subscription_id, sequence, due_date, currency, amount, status)
     SELECT $1, $2, number, ($3::DATE + make_interval(months => number - 1))::DATE, $4, $5, 'SCHEDULED'
     FROM generate_series(1, $6::INTEGER) AS number`,
    [tenant, id, today, item.currency, item.unit_price, item.contract_length],
  );
  await rows(
    "rent out",
    `UPDATE assets SET status = 'RENTED_OUT', reserved_order_id = NULL, subscription_id = $3, customer_id = $4,
         version = version + 1, updated_at = $5
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, asset.id, id, order.customer_id, now],
  );
  await rows(
    "assign",
    `INSERT INTO asset_assignments (tenant_id, id, asset_id, subscription_id, customer_id, assigned_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [tenant, newId(), asset.id, id, order.customer_id, now],
  );
  await rows(
    "customer",
    `UPDATE customers SET device_count = device_count + 1, version = version + 1, updated_at = $3
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, order.customer_id, now],
  );
  await rows(
    "revenue",
    `INSERT INTO customer_revenues AS r (tenant_id, customer_id, currency, monthly_amount) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE SET monthly_amount = r.monthly_amount + EXCLUDED.monthly_amount`,
    [tenant, order.customer_id, item.currency, item.unit_price],
  );

  const events = [
    ["subscription.created", id, { orderId: order.id, assetId: asset.id }],
    ["asset.assigned", asset.id, { subscriptionId: id, customerId: order.customer_id }],
  ];
  if (!done) {
    events.push(["order.updated", order.id, { number: order.number }]);
  } else {
    const released = await rows(
      "release",
      `UPDATE assets SET status = 'AVAILABLE', reserved_order_id = NULL, version = version + 1, updated_at = $3
       WHERE tenant_id = $1 AND reserved_order_id = $2 RETURNING id`,
      [tenant, order.id, now],
    );
    events.push(...released.map((held) => ["asset.released", held.id, { orderId: order.id }]));
    events.push(["order.fulfilled", order.id, { number: order.number }]);
  }
  await rows(
    "events",
    `INSERT INTO events (tenant_id, id, event_type, subject, data, created_at)
     SELECT $1, id, event_type, subject, data, $6
     FROM unnest($2::UUID[], $3::TEXT[], $4::TEXT[], $5::JSONB[]) AS event (id, event_type, subject, data)`,
    [tenant, events.map(newId), events.map((e) => e[0]), events.map((e) => e[1]), events.map((e) => e[2]), now],
  );
  await rows(
    "audit",
    `INSERT INTO audit_records (tenant_id, id, operation, actor, request_id, outcome, created_at)
     VALUES ($1, $2, 'fulfilOrderItem', 'benchmark', $3, $4, $5)`,
    [tenant, newId(), id, { subscription: id, order: order.id, asset: asset.id }, now],
  );
  return id;
}
