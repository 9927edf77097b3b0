// The Perennial playground: GraphiQL, set up from /playground.json.
import './workers.js';
import 'monaco-graphql/esm/monaco-editor.js'; // Imported here so that its styles are in main.css.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './main.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

const PLACEHOLDER = 'Bearer YOUR_API_KEY';

/**
 * Keeps edited tabs over a reload, but not longer than the browser tab lives: a new visit starts with the examples,
 * whatever another server on the same port has left behind. The history holds the headers of each request, so it is
 * kept in memory only.
 */
const PREFIX = 'perennial-playground/';
const history = new Map();
const isHistory = (key) => key === 'graphiql:queries' || key === 'graphiql:favorites';
const storedKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
const storage = {
  get length() {
    return history.size + storedKeys().length;
  },
  getItem: (key) => (isHistory(key) ? (history.get(key) ?? null) : sessionStorage.getItem(PREFIX + key)),
  setItem: (key, value) => (isHistory(key) ? history.set(key, value) : sessionStorage.setItem(PREFIX + key, value)),
  removeItem: (key) => (isHistory(key) ? history.delete(key) : sessionStorage.removeItem(PREFIX + key)),
  clear() {
    history.clear();
    for (const key of storedKeys()) sessionStorage.removeItem(key);
  },
};

/** Whether the operation that is asked for is a subscription. */
function isSubscription(request, options) {
  const operations = (options?.documentAST?.definitions ?? []).filter(({ kind }) => kind === 'OperationDefinition');
  const named = operations.find(({ name }) => name?.value === request.operationName);
  return (named ?? operations[0])?.operation === 'subscription';
}

/** The answers of a subscription, as they come: server-sent events, of which `data` holds an answer. */
async function* answers(response, abort) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        const [, name] = /^event: (.*)$/m.exec(event) ?? [];
        if (name === 'complete') return;
        if (name === 'next') yield JSON.parse(/^data: (.*)$/m.exec(event)[1]);
      }
    }
  } finally {
    abort.abort();
  }
}

/** Makes the function with which GraphiQL asks the API. */
function makeFetcher(defaultHeaders, headersEdited) {
  return async (request, options) => {
    let headers = options?.headers;
    if (request.operationName === 'IntrospectionQuery') {
      // GraphiQL asks for the schema before its headers editor exists.
      if (!headers && !headersEdited()) headers = defaultHeaders;
      // Whether the schema is open to all is for the server to say, but a made-up key helps nobody.
      if (headers?.Authorization === PLACEHOLDER) headers = { ...headers, Authorization: undefined };
    }
    const known = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
    const single = 'application/graphql-response+json, application/json';
    const abort = new AbortController();
    const response = await fetch('graphql', {
      method: 'POST',
      signal: abort.signal,
      headers: {
        Accept: isSubscription(request, options) ? `text/event-stream, ${single};q=0.9` : single,
        'Content-Type': 'application/json',
        ...Object.fromEntries(known),
      },
      body: JSON.stringify(request),
    });
    if (response.headers.get('Content-Type')?.startsWith('text/event-stream')) return answers(response, abort);
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      const message = `The server answered ${response.status} ${response.statusText} with no JSON: ${text}`;
      return { errors: [{ message }] };
    }
  };
}

async function start() {
  const answer = await fetch('playground.json');
  if (!answer.ok) throw new Error(`playground.json: ${answer.status} ${answer.statusText}`);
  const { apiKey, examples } = await answer.json();
  const defaultHeaders = { Authorization: apiKey === null ? PLACEHOLDER : `Bearer ${apiKey}` };
  let edited = false;
  const fetcher = makeFetcher(defaultHeaders, () => edited);
  const tabs = examples.map(({ query, variables }) => ({ query, variables }));
  // GraphiQL takes the first tab's query by itself, but not its variables.
  const firstVisit = storage.getItem('graphiql:tabState') === null;
  const initialVariables = firstVisit ? (tabs[0]?.variables ?? undefined) : undefined;

  createRoot(document.getElementById('playground')).render(
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs.length > 0 ? tabs : undefined}
      defaultHeaders={JSON.stringify(defaultHeaders, null, 2)}
      initialVariables={initialVariables}
      defaultEditorToolsVisibility={apiKey === null ? 'headers' : 'variables'}
      onEditHeaders={() => (edited = true)}
      isHeadersEditorEnabled
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="playground-logo">
          <img src="playground/favicon.svg" alt="" /> Perennial playground
        </span>
      </GraphiQL.Logo>
    </GraphiQL>,
  );
}

start().catch((error) => {
  document.querySelector('.playground-note').textContent = `The playground could not start: ${error.message}`;
});
