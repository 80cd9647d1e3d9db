import type { CompletedCommand, CompletedOption, OptionValue } from "./table.ts";

/** Names of jobs where one stands, in the words of each shell. */
const jobs = "ls .trivet/jobs 2>/dev/null";

export const shells = { bash, zsh, fish };

function wordsOf(value: OptionValue): string {
  return typeof value === "string" ? "" : value.join(" ");
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, argument }) => {
    const known = options.flatMap(({ long, short }) => (short ? [long, short] : [long]));
    const values = options.filter(({ value }) => value !== "none").map(bashValue);
    return [
      `    ${name})`,
      ...(values.length > 0 ? ["      case $previous in", ...values, "      esac"] : []),
      `      if [[ $current == -* ]]; then _trivet_words "${known.join(" ")}"`,
      `      ${bashArgument(argument)}fi ;;`,
    ].join("\n");
  });
  return `# Completion of trivet for bash. In ~/.bashrc: eval "$(trivet completion bash)"
_trivet_words() { local IFS=$' \\n'; COMPREPLY=($(compgen -W "$1" -- "$current")); }
_trivet_files() { local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); }
_trivet_jobs_and_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(${jobs})" -- "$current") $(compgen -f -- "$current"))
}
_trivet() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    if [[ $word != -* ]]; then command=$word; break; fi
  done
  COMPREPLY=()
  case $command in
    "") _trivet_words "${[...commands.map(({ name }) => name), "help", "--help", "--version", "--no-color"].join(" ")}" ;;
    help) _trivet_words "${commands.map(({ name }) => name).join(" ")}" ;;
${cases.join("\n")}
  esac
}
complete -o filenames -F _trivet trivet
`;
}

function bashArgument(argument: OptionValue): string {
  if (argument === "none") return "";
  return argument === "path" ? "else _trivet_jobs_and_files; " : `else _trivet_words "${wordsOf(argument)}"; `;
}

function bashValue({ long, short, value }: CompletedOption): string {
  const names = short ? `${short} | ${long}` : long;
  if (value === "path") return `        ${names}) _trivet_files; return ;;`;
  return `        ${names}) ${typeof value === "string" ? "" : `_trivet_words "${wordsOf(value)}"; `}return ;;`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string) => text.replace(/'/g, "'\\''");
  const inBrackets = (text: string) => quoted(text.replace(/[[\]:\\]/g, "\\$&"));
  const spec = ({ long, short, words, value }: CompletedOption) => {
    const names = short ? `'(${short} ${long})'{${short},${long}}` : long;
    const action = value === "path" ? ":path:_files" : value === "other" ? ":value: " : `:value:(${wordsOf(value)})`;
    return `        ${names}'[${inBrackets(words)}]${value === "none" ? "" : action}'`;
  };
  const cases = commands.map(({ name, options, argument }) => {
    const lines = [
      ...options.map(spec),
      ...(argument === "none"
        ? []
        : [`        '*:argument:${argument === "path" ? "_trivet_jobs_and_files" : `(${wordsOf(argument)})`}'`]),
    ];
    return `      (${name})\n        _arguments -s \\\n  ${lines.join(" \\\n  ")} ;;`;
  });
  return `#compdef trivet
# Completion of trivet for zsh. In ~/.zshrc, behind compinit: eval "$(trivet completion zsh)"
_trivet_jobs_and_files() {
  local -a jobs=(\${(f)"$(${jobs})"})
  (( \${#jobs} )) && compadd -a jobs
  _files
}
_trivet() {
  local state line
  local -a commands=(
${commands.map(({ name, words }) => `    '${name}:${quoted(words)}'`).join("\n")}
    'help:print the help of a command'
  )
  _arguments -C '(-h --help)'{-h,--help}'[print the help]' '(-v --version)'{-v,--version}'[print the version]' \\
    '--no-color[print without colors]' '1:command:->command' '*::argument:->argument'
  case $state in
    (command) _describe command commands ;;
    (argument)
      case $words[1] in
      (help) _describe command commands ;;
${cases.join("\n")}
      esac ;;
  esac
}
compdef _trivet trivet
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const lines = commands.flatMap(({ name, words, options, argument }) => {
    const here = `complete -c trivet -n '__fish_seen_subcommand_from ${name}'`;
    const option = ({ long, short, words, value }: CompletedOption) => {
      const action = value === "path" ? " -rF" : value === "other" ? " -x" : ` -xa ${quoted(wordsOf(value))}`;
      return `${here} -l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ""}${value === "none" ? "" : action} -d ${quoted(words)}`;
    };
    return [
      `complete -c trivet -n __fish_use_subcommand -a ${name} -d ${quoted(words)}`,
      ...options.map(option),
      ...(argument === "none"
        ? []
        : [`${here} ${argument === "path" ? `-F -a '(${jobs})'` : `-a ${quoted(wordsOf(argument))}`}`]),
    ];
  });
  return `# Completion of trivet for fish. In ~/.config/fish/config.fish: trivet completion fish | source
complete -c trivet -f
complete -c trivet -n __fish_use_subcommand -l version -s v -d 'print the version'
complete -c trivet -n __fish_use_subcommand -l help -s h -d 'print the help'
complete -c trivet -l no-color -d 'print without colors'
${lines.join("\n")}
`;
}
