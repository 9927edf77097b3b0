// One set of DataLoaders a request: each reads what a level of the answer needs with one statement.
import DataLoader from "dataloader";

export const COLUMNS = {
  orders: "id, number, status, customer_id, currency, total_devices, rented_devices, created_at",
  order_items:
    "id, order_id, product_id, sku, quantity, fulfilled_quantity, contract_length, unit_price, currency",
  subscriptions:
    "id, status, customer_id, order_id, asset_id, plan_id, start_date, end_date, monthly_amount, currency",
  assets: "id, serial_number, sku, status, location, created_at",
  customers: "id, name, email",
  products: "id, sku, name",
  plans: "id, code, name",
};

export function loaders(pool, tenant) {
  const rows = async (name, text, values) => (await pool.query({ name, text, values: [tenant, ...values] })).rows;

  const byId = (table) =>
    new DataLoader(async (ids) => {
      const text = `SELECT ${COLUMNS[table]} FROM ${table} WHERE tenant_id = $1 AND id = ANY($2)`;
      const found = new Map((await rows(table, text, [ids])).map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    });

  // The first children of each parent, newest first, and one more where there are more.
  const pages = (table, parent) => {
    const bySize = new Map();
    const text = `SELECT page.* FROM unnest($2::UUID[]) AS parent (id), LATERAL (
        SELECT ${COLUMNS[table]} FROM ${table} WHERE tenant_id = $1 AND ${parent} = parent.id
        ORDER BY id DESC LIMIT $3) AS page`;
    return (id, first) => {
      let loader = bySize.get(first);
      if (loader === undefined) {
        loader = new DataLoader(async (ids) =>
          grouped(await rows(`${table} by ${parent}`, text, [ids, first + 1]), parent, ids),
        );
        bySize.set(first, loader);
      }
      return loader.load(id);
    };
  };

  return {
    order: byId("orders"),
    customer: byId("customers"),
    product: byId("products"),
    asset: byId("assets"),
    plan: byId("plans"),
    subscription: byId("subscriptions"),
    itemsOfOrder: new DataLoader(async (ids) => {
      const text = `SELECT ${COLUMNS.order_items} FROM order_items
          WHERE tenant_id = $1 AND order_id = ANY($2) ORDER BY position`;
      return grouped(await rows("items", text, [ids]), "order_id", ids);
    }),
    subscriptionsOfOrder: pages("subscriptions", "order_id"),
    subscriptionsOfCustomer: pages("subscriptions", "customer_id"),
    // A page of a whole list, newest first.
    page: (table, { first, after, where = {} }) => {
      const values = [...Object.values(where), first + 1];
      let text = `SELECT ${COLUMNS[table]} FROM ${table} WHERE tenant_id = $1`;
      Object.keys(where).forEach((column, place) => (text += ` AND ${column} = $${place + 2}`));
      if (after) {
        values.push(Buffer.from(after, "base64url").toString());
        text += ` AND id < $${values.length + 1}`;
      }
      text += ` ORDER BY id DESC LIMIT $${Object.keys(where).length + 2}`;
      return rows(`${table} ${Object.keys(where)} ${Boolean(after)}`, text, values);
    },
  };
}

function grouped(rows, parent, ids) {
  const groups = new Map(ids.map((id) => [id, []]));
  for (const row of rows) {
    groups.get(row[parent]).push(row);
  }
  return ids.map((id) => groups.get(id));
}
