import { Argument, type Command } from "commander";
import { print } from "../output.ts";

const help = `Examples:
  $ trivet completion bash    in ~/.bashrc: eval "$(trivet completion bash)"
  $ trivet completion zsh     in ~/.zshrc, behind compinit: eval "$(trivet completion zsh)"
  $ trivet completion fish    in ~/.config/fish/config.fish: trivet completion fish | source
`;

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print what makes a shell complete trivet's commands")
    .description("Prints a script by which a shell completes trivet's commands, their options, and the names of jobs.")
    .addHelpText("before", help)
    .addArgument(new Argument("<shell>", "which one").choices(["bash", "zsh", "fish"]))
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const [{ shells }, { commandTable }] = await Promise.all([
        import("../completion/scripts.ts"),
        import("../completion/table.ts"),
      ]);
      print(shells[shell](commandTable(program)).trimEnd());
    });
}
