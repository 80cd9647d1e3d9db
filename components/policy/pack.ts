// The policy pack: `pulumi up --policy-pack node_modules/trivet/policy`. Loading this file starts Pulumi's policy server.
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies.ts";

new PolicyPack("trivet", { policies: [...policies] });
