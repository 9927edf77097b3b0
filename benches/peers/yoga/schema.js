// The part of the API that is measured.
import { GraphQLScalarType } from "graphql";
import { fulfilOrderItem } from "./fulfil.js";

export const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar Decimal
  type Query {
    order(id: ID!): Order
    orders(first: Int = 25, after: String): OrderConnection!
    assets(first: Int = 25, after: String, filter: AssetFilter): AssetConnection!
    customers(first: Int = 25, after: String): CustomerConnection!
  }
  type Mutation { fulfilOrderItem(input: FulfilOrderItemInput!): FulfilOrderItemPayload! }
  input FulfilOrderItemInput { orderId: ID! customerId: ID! assetSerialNumber: String! }
  type FulfilOrderItemPayload { subscription: Subscription order: Order userErrors: [UserError!]! }
  type UserError { code: String! message: String! }
  input AssetFilter { status: Comparison sku: Comparison }
  input Comparison { eq: String }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
  type AssetConnection { nodes: [Asset!]! pageInfo: PageInfo! }
  type CustomerConnection { nodes: [Customer!]! pageInfo: PageInfo! }
  type SubscriptionConnection { nodes: [Subscription!]! pageInfo: PageInfo! }
  type Money { amount: Decimal! currency: String! }
  type Order {
    id: ID! number: String! status: String! currency: String! totalDevices: Int! rentedDevices: Int!
    createdAt: DateTime! customer: Customer! items: [OrderItem!]! subscriptions(first: Int = 25): SubscriptionConnection!
  }
  type OrderItem {
    id: ID! sku: String! quantity: Int! fulfilledQuantity: Int! contractLength: Int! unitPrice: Money! product: Product!
  }
  type Product { id: ID! sku: String! name: String! }
  type Customer { id: ID! name: String! email: String subscriptions(first: Int = 25): SubscriptionConnection! }
  type Subscription {
    id: ID! status: String! startDate: DateTime! endDate: DateTime monthlyAmount: Money asset: Asset plan: Plan
  }
  type Asset { id: ID! serialNumber: String! sku: String! status: String! location: String createdAt: DateTime! }
  type Plan { id: ID! code: String! name: String! }
`;

const cut = (rows, first) => {
  const nodes = rows.slice(0, first);
  const last = nodes.at(-1);
  const endCursor = last ? Buffer.from(last.id).toString("base64url") : null;
  return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor } };
};
const money = (minor, currency) => (minor === null ? null : { amount: (Number(minor) / 100).toFixed(2), currency });
const page = async (load, table, args, where) => cut(await load.page(table, { ...args, where }), args.first);

export const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: (date) => date.toISOString() }),
  Query: {
    order: (_, { id }, { load }) => load.order.load(id),
    orders: (_, args, { load }) => page(load, "orders", args),
    customers: (_, args, { load }) => page(load, "customers", args),
    assets: (_, { filter, ...args }, { load }) => {
      const asked = Object.entries(filter ?? {}).map(([column, { eq }]) => [column, eq]);
      return page(load, "assets", args, Object.fromEntries(asked));
    },
  },
  Mutation: { fulfilOrderItem },
  Order: {
    totalDevices: (order) => order.total_devices,
    rentedDevices: (order) => order.rented_devices,
    createdAt: (order) => order.created_at,
    customer: (order, _, { load }) => load.customer.load(order.customer_id),
    items: (order, _, { load }) => load.itemsOfOrder.load(order.id),
    subscriptions: async (order, { first }, { load }) => cut(await load.subscriptionsOfOrder(order.id, first), first),
  },
  OrderItem: {
    fulfilledQuantity: (item) => item.fulfilled_quantity,
    contractLength: (item) => item.contract_length,
    unitPrice: (item) => money(item.unit_price, item.currency),
    product: (item, _, { load }) => load.product.load(item.product_id),
  },
  Customer: {
    subscriptions: async (customer, { first }, { load }) =>
      cut(await load.subscriptionsOfCustomer(customer.id, first), first),
  },
  Subscription: {
    startDate: (subscription) => subscription.start_date,
    endDate: (subscription) => subscription.end_date,
    monthlyAmount: (subscription) => money(subscription.monthly_amount, subscription.currency),
    asset: (subscription, _, { load }) => subscription.asset_id && load.asset.load(subscription.asset_id),
    plan: (subscription, _, { load }) => subscription.plan_id && load.plan.load(subscription.plan_id),
  },
  Asset: {
    serialNumber: (asset) => asset.serial_number,
    createdAt: (asset) => asset.created_at,
  },
};
