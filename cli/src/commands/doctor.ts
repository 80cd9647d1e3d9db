import type { Command } from "commander";
import type { Check } from "../doctor/check.ts";
import { exitCodes } from "../errors.ts";
import { addStackOptions, jsonOption, type StackFlags, storeOption } from "../options.ts";
import { print, styled } from "../output.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

const help = `Examples:
  $ trivet doctor              see whether this machine is ready
  $ trivet doctor --json       the same for programs
  $ trivet doctor --stack dev  see whether a deployed stack keeps its promises, with your credentials
`;

const colors = { ok: "green", warn: "yellow", fail: "red" } as const;

export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .summary("see whether this machine, or a deployed stack, is ready to train")
    .description(
      "Checks what training needs of this machine, each by itself; with a stack, of that instead: it writes a dozen small objects " +
        "there and sends one task, which no worker keeps. The exit code is 1 when something is missing.",
    )
    .addHelpText("before", help);
  addStackOptions(command)
    .addOption(storeOption())
    .addOption(jsonOption("print the findings as one JSON object"))
    .action(doctor);
}

interface DoctorFlags extends StackFlags {
  readonly store: string;
  readonly json?: boolean;
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const { json } = flags;
  const { runCheck } = await import("../doctor/check.ts");
  const findings = [];
  for (const check of namesStack(flags) ? await checksOfStack(flags) : await checksOfMachine(flags)) {
    const finding = await runCheck(check);
    findings.push(finding);
    if (json) continue;
    print(`${styled(colors[finding.status], finding.status.padEnd(4))}  ${finding.name.padEnd(10)}  ${finding.text}`);
    if (finding.fix) print(`      ${"".padEnd(10)}  ${finding.fix}`);
  }
  if (json) print(JSON.stringify({ findings }));
  if (findings.some(({ status }) => status === "fail")) process.exitCode = exitCodes.failed;
}

async function checksOfMachine({ store }: DoctorFlags): Promise<Check[]> {
  const [machine, { storeChecks }, { tensorflow, training }] = await Promise.all([
    import("../doctor/machine.ts"),
    import("../doctor/store.ts"),
    import("../doctor/training.ts"),
  ]);
  return [machine.node, machine.cores, machine.memory, ...storeChecks(store), tensorflow, training];
}

async function checksOfStack(flags: StackFlags): Promise<Check[]> {
  const [stack, { stackChecks }] = await Promise.all([openStackOf(flags), import("../doctor/stack.ts")]);
  return stackChecks(stack);
}
