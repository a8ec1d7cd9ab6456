import type { FastifyInstance } from 'fastify';

/**
 * `GET /graphiql`: a page to try queries and read the schema. Self-contained: it works where browsers cannot reach the internet, and its
 * content policy lets nothing else in. The token stays in the page.
 */
export function explorerRoute(app: FastifyInstance): void {
  app.get('/graphiql', (_request, reply) =>
    reply
      .headers({
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
        'cache-control': 'no-store',
      })
      .type('text/html; charset=utf-8')
      .send(PAGE),
  );
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Picket: schema explorer</title>
<style>
  body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; color: #123; }
  main { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
  textarea, pre, input { font: 13px/1.4 ui-monospace, monospace; width: 100%; box-sizing: border-box; border: 1px solid #abc; padding: .5rem; }
  textarea { height: 20rem; } #variables { height: 6rem; }
  pre { min-height: 20rem; max-height: 70vh; overflow: auto; margin: 0; background: #f6f8fa; }
  details dt { font-weight: 600; margin-top: .6rem; } details dd { margin-left: 1rem; color: #456; }
</style>
</head>
<body>
<h1>Picket: schema explorer</h1>
<p><label>API token <input id="token" type="password" autocomplete="off" placeholder="picket_…"></label></p>
<main>
  <form id="form">
    <label>Query <textarea id="query" spellcheck="false">{ clusters(first: 10) { totalCount edges { node { name state status { phase } } } } }</textarea></label>
    <label>Variables <textarea id="variables" spellcheck="false">{}</textarea></label>
    <button>Run</button>
  </form>
  <pre id="result" aria-live="polite"></pre>
</main>
<details id="schema"><summary>Operations</summary><dl id="operations"></dl></details>
<script>
const at = (id) => document.getElementById(id);
async function ask(query, variables) {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + at('token').value.trim() };
  const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return answer.json();
}
at('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  try { at('result').textContent = JSON.stringify(await ask(at('query').value, JSON.parse(at('variables').value || '{}')), null, 2); }
  catch (error) { at('result').textContent = String(error); }
});
at('schema').addEventListener('toggle', async () => {
  const { data } = await ask('{ __schema { queryType { fields { name description args { name } } } mutationType { fields { name description args { name } } } } }');
  at('operations').replaceChildren();
  for (const [kind, type] of [['query', data.__schema.queryType], ['mutation', data.__schema.mutationType]])
    for (const field of type.fields) {
      const name = document.createElement('dt'), text = document.createElement('dd');
      name.textContent = kind + ' ' + field.name + '(' + field.args.map((arg) => arg.name).join(', ') + ')';
      text.textContent = field.description;
      at('operations').append(name, text);
    }
});
</script>
</body>
</html>
`;
