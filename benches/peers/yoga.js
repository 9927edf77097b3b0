// The API that is measured, as one would write it for Node: GraphQL Yoga, resolvers, DataLoader, and SQL by `pg`. Prepared
// statements have names, so that PostgreSQL keeps their plans. The tenant comes as the bearer's token and is believed,
// which is less than Perennial does: it looks up a key with each request.
import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
import pg from "pg";
import { loaders } from "./yoga/loaders.js";
import { resolvers, typeDefs } from "./yoga/schema.js";
import { serve } from "./serve.js";

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.POOL_SIZE ?? 8),
  idleTimeoutMillis: 0,
});

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: ({ request }) => {
    const tenant = request.headers.get("authorization").slice("Bearer ".length);
    return { pool, tenant, load: loaders(pool, tenant) };
  },
  graphiql: false,
  landingPage: false,
  logging: false,
  cors: false,
});
serve(createServer(yoga));
