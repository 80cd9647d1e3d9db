import type { RehearsedCloud } from "./account.ts";
import { aws } from "./aws.ts";
import { azure } from "./azure.ts";
import { gcp } from "./gcp.ts";

/** The clouds that can be rehearsed, by the name that a stack has for them. */
export const clouds: Readonly<Record<"aws" | "gcp" | "azure", RehearsedCloud>> = { aws, gcp, azure };
