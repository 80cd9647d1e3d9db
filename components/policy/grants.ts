/** The only roles that Trivet's components give on Google Cloud and Azure. Each is the narrowest that has the actions needed. */
export const allowedRoles: Readonly<Record<string, string>> = {
  "roles/storage.objectViewer": "reads and lists objects",
  "roles/storage.objectCreator": "adds objects, and cannot overwrite or delete any",
  "roles/pubsub.publisher": "sends messages",
  "roles/pubsub.subscriber":
    "takes messages out: Pub/Sub itself, to move one to the dead letters, and who counts those",
  "roles/run.invoker": "calls the service",
  "roles/iam.serviceAccountTokenCreator": "takes on one service account",
  "roles/cloudkms.cryptoKeyEncrypterDecrypter": "uses the user's key",
  "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull: pulls images",
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe":
    "Storage Blob Data Contributor, on one container: Azure has no role that only adds",
  "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner, on the Functions host's own account",
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader: reads results",
  "974c5e8b-45b9-4653-ba55-5f855dd0fb88":
    "Storage Queue Data Contributor, on one queue: takes, sends and hides messages",
  "19e7f393-937e-4f77-808e-94535e297925": "Storage Queue Data Reader: counts messages",
  "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender: sends messages",
};

const everybody = ["allUsers", "allAuthenticatedUsers"];

/** What is too wide in a Google Cloud binding or an Azure role assignment. */
export function grantProblems(type: string, inputs: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  if (type.startsWith("gcp:") && typeof inputs.role === "string") {
    if (!(inputs.role in allowedRoles))
      problems.push(`grants ${inputs.role}, which is not one of the roles that a pipeline needs`);
    if (everybody.includes(inputs.member as string)) problems.push(`grants ${inputs.role} to ${inputs.member}`);
    if (type.startsWith("gcp:projects/")) problems.push(`grants ${inputs.role} on the whole project`);
  }
  if (type === "azure-native:authorization:RoleAssignment") {
    const role = String(inputs.roleDefinitionId).split("/").at(-1)!;
    if (!(role in allowedRoles))
      problems.push(`grants the role ${role}, which is not one of the roles that a pipeline needs`);
    if (/^\/subscriptions\/[^/]+\/?$|^\/?$/.test(String(inputs.scope)))
      problems.push("grants a role on the whole subscription");
    if (!inputs.principalType) problems.push("must say its principalType: else Azure may not find a new identity");
  }
  return problems;
}
