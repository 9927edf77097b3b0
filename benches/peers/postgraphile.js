// PostGraphile over Perennial's tables, set up for speed as its own documentation says: no explain, no GraphiQL, no
// settings for each request (which would cost a transaction), so no roles and no row-level security either. Whoever asks
// names the tenant: that is less than Perennial does, which looks up a key with each request.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { serve } from "./serve.js";

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public", "peers"],
      poolConfig: { max: Number(process.env.POOL_SIZE ?? 8), idleTimeoutMillis: 0 },
    }),
  ],
  gather: { pgStrictFunctions: true },
  grafserv: { graphiql: false, websockets: false, watch: false },
  grafast: { explain: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
serve(server);
