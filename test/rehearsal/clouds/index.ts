import type { Cloud } from "../../../components/limits.ts";
import { aws } from "./aws.ts";
import { azure } from "./azure.ts";
import type { RehearsedCloud } from "./cloud.ts";
import { gcp } from "./gcp.ts";

/** The clouds that can be rehearsed, by the name that a stack has for them. */
export const rehearsedClouds: Readonly<Record<Cloud, RehearsedCloud>> = { aws, gcp, azure };
