/** Actions for which AWS knows no resource, so that only `*` can be said. Each with its reason. */
export const actionsWithoutResource: Readonly<Record<string, string>> = {
  "ec2:DescribeNetworkInterfaces":
    "Describe actions of EC2 support no resource-level permissions; Lambda checks it for functions in a network.",
};

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly NotResource?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Resource?: string | readonly string[];
  readonly Principal?: unknown;
}

const list = (value: string | readonly string[] | undefined) =>
  value === undefined ? [] : ([value].flat() as string[]);

/** What is too wide in the AWS policy documents that a resource holds. Statements that deny may be wide. */
export function documentProblems(type: string, inputs: Readonly<Record<string, unknown>>): string[] {
  if (!type.startsWith("aws:")) return [];
  return ["policy", "assumeRolePolicy"].flatMap((property) => {
    const document = inputs[property];
    if (typeof document !== "string" || !document.includes('"Statement"')) return [];
    const statements = JSON.parse(document).Statement as Statement[];
    return statements
      .filter(({ Effect }) => Effect !== "Deny")
      .flatMap((statement) => statementProblems(property, statement));
  });
}

function statementProblems(property: string, statement: Statement): string[] {
  const problems: string[] = [];
  const actions = list(statement.Action);
  for (const action of actions)
    if (action.includes("*")) problems.push(`${property} allows ${action}: a wildcard action`);
  if (actions.length === 0) problems.push(`${property} has a statement that names no action`);
  for (const word of ["NotAction", "NotResource", "NotPrincipal"] as const)
    if (statement[word] !== undefined) problems.push(`${property} uses ${word}, which allows what nobody listed`);
  if (list(statement.Resource).includes("*"))
    for (const action of actions.filter((action) => !(action in actionsWithoutResource)))
      problems.push(`${property} allows ${action} on every resource`);
  if (JSON.stringify(statement.Principal)?.includes('"*"')) problems.push(`${property} lets anybody in`);
  return problems;
}
