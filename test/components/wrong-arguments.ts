import type { TrainingPipelineArgs } from "../../components/pipeline.ts";
import { runProgram } from "../../components/testing.ts";
import { withSection } from "../support/marked-section.ts";
import { type CloudUnderTest, cloudsUnderTest } from "./support.ts";

/** Ten arguments that are wrong on every cloud, one of them in three ways. */
export const wrongArguments = {
  image: "worker:latest",
  memoryMib: 100,
  taskTimeoutSeconds: 86_400,
  maxConcurrency: 0,
  maxAttempts: 2.5,
  roundRetentionDays: 1,
  alertEmail: "ops",
  schedules: [{ name: "Nightly!", cron: "every day", job: "Sentiment" }],
  removalPolicy: "delete",
  transform: { wroker: {} },
};

/** What a pipeline says of wrong arguments. */
export async function errorOf(under: CloudUnderTest, args: object): Promise<Error> {
  return runProgram(() => under.make("training", args as TrainingPipelineArgs)).then(
    () => {
      throw new Error("the arguments were taken");
    },
    (error: Error) => error,
  );
}

/** A page with the error of ten wrong arguments between its two marks, as AWS's pipeline prints it. */
export async function withWrongArguments(page: string): Promise<string> {
  const aws = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;
  const { message } = await errorOf(aws, { ...aws.required, ...wrongArguments });
  return withSection(page, "wrong arguments", `\`\`\`text\n${message}\n\`\`\``);
}
