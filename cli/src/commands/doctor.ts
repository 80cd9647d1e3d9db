import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { jsonOption, storeOption } from "../options.ts";
import { print, styled } from "../output.ts";

const help = `Examples:
  $ trivet doctor              see whether this machine is ready
  $ trivet doctor --json       the same for programs
`;

const colors = { ok: "green", warn: "yellow", fail: "red" } as const;

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("see whether this machine is ready to train")
    .description(
      "Checks what training needs of this machine, each by itself. The exit code is 1 when something is missing.",
    )
    .addHelpText("before", help)
    .addOption(storeOption())
    .addOption(jsonOption("print the findings as one JSON object"))
    .action(doctor);
}

async function doctor({ store, json }: { store: string; json?: boolean }): Promise<void> {
  const [{ runCheck }, machine, { storeChecks }, { tensorflow, training }] = await Promise.all([
    import("../doctor/check.ts"),
    import("../doctor/machine.ts"),
    import("../doctor/store.ts"),
    import("../doctor/training.ts"),
  ]);
  const findings = [];
  for (const check of [machine.node, machine.cores, machine.memory, ...storeChecks(store), tensorflow, training]) {
    const finding = await runCheck(check);
    findings.push(finding);
    if (json) continue;
    print(`${styled(colors[finding.status], finding.status.padEnd(4))}  ${finding.name.padEnd(10)}  ${finding.text}`);
    if (finding.fix) print(`      ${"".padEnd(10)}  ${finding.fix}`);
  }
  if (json) print(JSON.stringify({ findings }));
  if (findings.some(({ status }) => status === "fail")) process.exitCode = exitCodes.failed;
}
