import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { clouds, limits } from "../../components/limits.ts";
import type { TrainingPipelineArgs } from "../../components/pipeline.ts";
import { runProgram } from "../../components/testing.ts";
import { argsOf, cloudsUnderTest, register } from "./support.ts";
import { wrongArguments } from "./wrong-arguments.ts";

type Args = TrainingPipelineArgs & Record<string, unknown>;

/** The lines of the error that arguments give; empty when they are taken. */
async function problems(under: (typeof cloudsUnderTest)[number], args: object, name = "pipe"): Promise<string[]> {
  try {
    await runProgram(() => under.make(name, args as Args));
    return [];
  } catch (error) {
    if (!pulumi.InputPropertiesError.isInstance(error)) throw error;
    const [title, ...lines] = error.message.split("\n");
    expect(title).to.match(/^\w+TrainingPipeline ".*": \d+ arguments? (is|are) not as it should be:$/s);
    expect(error.stack).to.equal(error.message);
    expect(lines).to.deep.equal(error.errors.map(({ propertyPath, reason }) => `  - ${propertyPath} ${reason}`));
    return lines.map((line) => line.slice(4));
  }
}

for (const under of cloudsUnderTest)
  describe(`Validation on ${under.title}`, () => {
    it("tells ten wrong arguments at once, each by its path, in one error without a stack", async () => {
      const found = await problems(under, {
        ...under.required,
        ...wrongArguments,
      });
      const paths = found.map((line) => line.split(" ")[0]);
      expect(paths).to.have.members([
        ...[
          "image",
          "memoryMib",
          "taskTimeoutSeconds",
          "maxConcurrency",
          "maxAttempts",
          "roundRetentionDays",
          "alertEmail",
        ],
        ...["schedules[0].name", "schedules[0].cron", "schedules[0].job", "removalPolicy", "transform.wroker"],
      ]);
      expect(found.find((line) => line.startsWith("transform"))).to.include("did you mean worker?");
      for (const line of found.filter((line) => /^(memory|task|maxC|maxA|round)/.test(line)))
        expect(line).to.include(`; ${under.cloud === "gcp" ? "Google Cloud" : under.title} allows `);
    });

    it("registers nothing when arguments are wrong", async () => {
      let made = 0;
      const error = await runProgram(() => {
        pulumi.runtime.registerStackTransformation(() => {
          made++;
          return undefined;
        });
        return under.make("pipe", argsOf(under, { memoryMib: 1 }));
      }).catch((reason: Error) => reason);
      expect(error).to.be.instanceOf(Error);
      expect(made).to.be.lessThan(2); // the component itself at most
    });

    it("checks an output when it becomes known, and says the same", async () => {
      const plain = await problems(under, argsOf(under, { memoryMib: 1, maxConcurrency: 0 }));
      const late = await problems(
        under,
        argsOf(under, { memoryMib: pulumi.output(1), maxConcurrency: pulumi.output(0) }),
      );
      expect(late).to.deep.equal(plain).and.to.have.length(2);
    });

    it("does not make everything secret because one argument is", async () => {
      const { resources } = await register(under, { alertEmail: pulumi.secret("ops@example.org") });
      const secret = resources.filter(({ secrets }) => secrets.length > 0).map(({ name }) => name);
      expect(secret).to.have.length(1);
      expect(secret[0]).to.match(/email|alert|ops/);
    });

    it("takes each number's both ends and refuses the next one outside", async () => {
      for (const [setting, { minimum, maximum, step = 1 }] of Object.entries(limits[under.cloud])) {
        const { alertEmail, billingAccount, budgetStartsOn } = under.full;
        const withIt = (value: number) =>
          argsOf(under, { maxConcurrency: 1000, alertEmail, billingAccount, budgetStartsOn, [setting]: value });
        if (setting === "warmInstances" && under.cloud === "azure") continue; // A job has none: see azure.test.ts.
        for (const value of [minimum, maximum])
          expect(await problems(under, withIt(value)), `${setting} ${value}`).to.deep.equal([]);
        for (const value of [minimum - step, maximum + step, minimum + 0.5, Number.NaN, "10" as never]) {
          expect(await problems(under, withIt(value)), `${setting} ${value}`).to.have.length(1);
        }
      }
    });

    it("names what is missing, doubled or does not go together", async () => {
      const adopted = under.options["adopted registry"];
      const cases: [object, string[]][] = [
        [{ image: undefined }, ["image"]],
        [{ build: { context: "x" } }, ["image"]],
        [{ image: undefined, build: {} }, ["build.context"]],
        [{ image: undefined, build: { context: "x" }, registry: { skip: true } }, ["registry.skip"]],
        [{ monthlyBudgetDollars: 5 }, ["monthlyBudgetDollars"]],
        [{ predictCallers: ["x"] }, ["predictCallers"]],
        [{ registry: { ...adopted!.registry, skip: true }, logs: { skip: true, existing: "x" } }, ["registry", "logs"]],
        [{ network: { create: true, existingSubnets: ["x"], existingSecurityGroups: ["y"] } }, ["network"]],
        [{ predict: pulumi.output(true) }, ["predict"]],
        [{ removalPolicy: pulumi.output("retain") }, ["removalPolicy"]],
        [{ maxConcurrency: 4, warmInstances: 5 }, ["warmInstances"]],
        [{ tags: ["a"] }, ["tags"]],
        [{ transform: { worker: pulumi.output({}), nothing: {} } }, ["transform.worker", "transform.nothing"]],
        [{ tags: { "trivet-pipeline": "mine" } }, ['tags["trivet-pipeline"]']],
        [{ schedules: "daily" }, ["schedules"]],
        [
          {
            schedules: Array(21)
              .fill(0)
              .map((_, i) => ({ name: `s${i}`, cron: "0 0 * * *", job: "j" })),
          },
          ["schedules"],
        ],
        [{ schedules: [1, 2].map(() => ({ name: "same", cron: "0 0 * * *", job: "j" })) }, ["schedules[1].name"]],
      ];
      for (const [args, paths] of cases) {
        const found = await problems(under, argsOf(under, args as Args));
        const foundPaths = found.map((line) => line.split(" ")[0]!);
        // `warmInstances` on Azure also asks for another host.
        expect(
          [...new Set(foundPaths)].filter((path) => !/^predictClientId|^budgetStartsOn|^billingAccount/.test(path)),
          JSON.stringify(args),
        ).to.deep.equal(paths);
      }
    });

    it("refuses a name that is empty or too long", async () => {
      expect(await problems(under, argsOf(under), "x".repeat(51))).to.deep.equal([
        "name has 51 characters; 1 to 50 are allowed",
      ]);
      expect(await problems(under, argsOf(under), "x".repeat(50))).to.deep.equal([]);
    });

    it("never fails but with its own error, whatever it is given", async function () {
      this.timeout(60_000);
      const anything = fc.oneof(fc.anything(), fc.constant(pulumi.output("x")));
      const keys = [
        ...Object.keys(argsOf(under, under.full)),
        "build",
        "bucket",
        "registry",
        "logs",
        "removalPolicy",
        "memoryMib",
        "roundRetentionDays",
      ];
      const args = fc.dictionary(fc.constantFrom(...keys), anything, { maxKeys: 4, noNullPrototype: true });
      await fc.assert(
        fc.asyncProperty(args, async (more) => {
          await problems(under, argsOf(under, more as Args)); // throws for any other error
        }),
        { numRuns: 60, seed: 6 },
      );
    });
  });

describe("Limits", () => {
  it("have their default inside, the same on each cloud where it can be", () => {
    for (const cloud of clouds)
      for (const [setting, { minimum, maximum, default: byDefault, values, step = 1 }] of Object.entries(
        limits[cloud],
      )) {
        if (byDefault === undefined) continue;
        expect(byDefault, `${cloud} ${setting}`).to.be.within(minimum, maximum);
        if (values) expect(values).to.include(byDefault);
        expect(byDefault % step).to.equal(0);
        expect(byDefault).to.equal(limits.aws[setting as keyof typeof limits.aws].default);
      }
  });
});
