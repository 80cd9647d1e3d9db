import { after, before } from "mocha";

/** Sets environment variables for the enclosing `describe`; undefined unsets one. */
export function environment(values: Readonly<Record<string, string | undefined>>): void {
  const saved = Object.keys(values).map((name) => [name, process.env[name]] as const);
  before(() => set(Object.entries(values)));
  after(() => set(saved));
}

function set(values: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of values)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
}

/** Credentials and region as Lambda gives them; moto does not look at them. */
export function awsEnvironment(): void {
  environment({
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_PROFILE: undefined,
  });
}
