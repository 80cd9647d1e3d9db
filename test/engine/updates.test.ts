import { expect } from "chai";
import { before, describe, it } from "mocha";
import type { RegisteredResource } from "../../components/testing.ts";
import { cloudsUnderTest, register } from "../components/support.ts";
import { childOf, everything, replacedBy, updates } from "./update-table.ts";

for (const under of cloudsUnderTest)
  describe(`A change of one setting on ${under.title}`, () => {
    let old: ReadonlyMap<string, RegisteredResource>;
    before(async () => {
      old = new Map((await register(under, everything(under))).resources.map((resource) => [resource.name, resource]));
    });

    for (const { setting, value, updated, replaced = [] } of updates[under.cloud])
      it(`${setting}: changes ${[...updated, ...replaced].join(", ") || "nothing in the cloud"}`, async () => {
        const { resources } = await register(under, { ...everything(under), [setting]: value });
        expect(resources.map(({ name }) => name)).to.have.members([...old.keys()]);
        const changed: { updated: string[]; replaced: string[] } = { updated: [], replaced: [] };
        for (const { type, name, inputs } of resources) {
          const oldInputs = old.get(name)!.inputs;
          const keys = Object.keys({ ...oldInputs, ...inputs }).filter(
            (key) => JSON.stringify(oldInputs[key]) !== JSON.stringify(inputs[key]),
          );
          if (type.startsWith("trivet:") || keys.length === 0) continue;
          const isReplaced = keys.some((key) => replacedBy(type).includes(key));
          changed[isReplaced ? "replaced" : "updated"].push(childOf(name));
        }
        expect(changed.updated).to.have.members(updated);
        expect(changed.replaced).to.have.members(replaced);
      });
  });
