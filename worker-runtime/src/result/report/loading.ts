import type { PageRecord } from "../run-record.ts";
import { type Html, html } from "./html.ts";

/** The few lines that open the result, in TypeScript and in Python. */
export function loadingTheModel({ document, plan }: PageRecord): Html {
  const python = `from safetensors.numpy import load_file

weights = load_file("model.safetensors")
print({name: values.shape for name, values in weights.items()})`;
  const typescript = `import * as tf from "@tensorflow/tfjs-node";

const model = await tf.loadLayersModel("file://model.json");
model.summary();`;
  // A module of the user's own has no layers that TensorFlow.js could load (models/model.ts).
  const hasLayers = document.model.kind !== "custom" || document.model.module === undefined;
  return html`<p>Beside this report. Names and shapes of the ${plan.parameters.length} parameters are in both files alike.</p>
<div class="load-model">
${
  hasLayers &&
  html`<div><h3>TypeScript</h3>
<pre tabindex="0"><code>${typescript}</code></pre></div>
`
}<div><h3>Python</h3>
<pre tabindex="0"><code>${python}</code></pre></div>
</div>`;
}
