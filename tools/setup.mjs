// `npm run setup`: makes this clone ready to run. The other npm scripts do the same first, through run.mjs.
import { makeReady } from "./setup/make-ready.mjs";

await makeReady({ retry: true });
