/** Made-up outputs of the resources that Trivet's pipelines read, in the form that the clouds give them. */
export function mockOutputs(
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): Record<string, unknown> & { id?: string } {
  const [, module = ""] = type.split(":");
  if (type.startsWith("aws:")) return awsOutputs(module.split("/")[0]!, name, inputs);
  if (type.startsWith("gcp:")) return gcpOutputs(module, name, inputs);
  if (type.startsWith("azure-native:")) return azureOutputs(module, type.split(":")[2]!, name, inputs);
  if (type.startsWith("docker-build:")) return { digest: `sha256:${"0".repeat(64)}` };
  return {};
}

/** Made-up answers of the functions that Trivet's pipelines call. */
export function mockResults(token: string): Record<string, unknown> {
  if (token === "aws:s3/getBucket:getBucket") return { arn: "arn:aws:s3:::adopted" };
  if (token === "aws:index/getAvailabilityZones:getAvailabilityZones") return { names: ["us-east-1a", "us-east-1b"] };
  if (token === "aws:ecr/getAuthorizationToken:getAuthorizationToken")
    return {
      proxyEndpoint: "https://123456789012.dkr.ecr.us-east-1.amazonaws.com",
      userName: "AWS",
      password: "secret",
    };
  if (token === "gcp:storage/getProjectServiceAccount:getProjectServiceAccount")
    return { member: "serviceAccount:service-123@gs-project-accounts.iam.gserviceaccount.com" };
  if (token === "gcp:organizations/getClientConfig:getClientConfig") return { accessToken: "secret" };
  if (token === "azure-native:storage:getStorageAccount") return { primaryEndpoints: azureEndpoints("adopted") };
  if (token === "azure-native:containerregistry:getRegistry") return { loginServer: "adopted.azurecr.io" };
  if (token === "azure-native:resources:getResourceGroup") return { id: `${azureGroup}/adopted` };
  return {};
}

function awsOutputs(service: string, name: string, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const region = "us-east-1";
  const account = "123456789012";
  const physicalName = `${inputs.name ?? name}`;
  const place = service === "s3" ? "::" : service === "iam" ? `:${account}` : `${region}:${account}`;
  const kind =
    { lambda: "function:", logs: "log-group:", cloudwatch: "log-group:", ecr: "repository/", iam: "role/" }[service] ??
    "";
  return {
    arn: `arn:aws:${service === "cloudwatch" ? "logs" : service}:${place}:${kind}${physicalName}`,
    name: physicalName,
    region,
    ...(service === "s3" && { arn: `arn:aws:s3:::${name}`, bucket: name }),
    ...(service === "sqs" && { url: `https://sqs.${region}.amazonaws.com/${account}/${name}` }),
    ...(service === "ecr" && { repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${name}` }),
    ...(service === "lambda" && { version: "1", functionUrl: `https://${name}.lambda-url.${region}.on.aws/` }),
  };
}

function gcpOutputs(module: string, name: string, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const project = "my-project";
  const physicalName = `${inputs.name ?? name}`;
  const email = `${physicalName}@${project}.iam.gserviceaccount.com`;
  const kind = { "pubsub/topic": "topics", "pubsub/subscription": "subscriptions" }[module];
  return {
    ...(kind && { id: `projects/${project}/${kind}/${physicalName}` }),
    name: module.startsWith("serviceaccount/") ? `projects/${project}/serviceAccounts/${email}` : physicalName,
    project,
    email,
    member: `serviceAccount:${email}`,
    ...(module.startsWith("cloudrunv2/") && { uri: `https://${physicalName}-123.us-central1.run.app` }),
  };
}

const azureGroup = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups";
const azureEndpoints = (account: string) => ({
  blob: `https://${account}.blob.core.windows.net/`,
  queue: `https://${account}.queue.core.windows.net/`,
});

function azureOutputs(
  module: string,
  kind: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const group = `${azureGroup}/${inputs.resourceGroupName ?? name}`;
  const uuid = "00000000-0000-0000-0000-0000000000";
  return {
    id: kind === "ResourceGroup" ? group : `${group}/providers/Microsoft.${module}/${kind}/${name}`,
    name,
    principalId: `${uuid}01`,
    clientId: `${uuid}02`,
    tenantId: `${uuid}03`,
    ...(kind === "StorageAccount" && { primaryEndpoints: azureEndpoints(name) }),
    ...(kind === "Registry" && { loginServer: `${name}.azurecr.io` }),
    ...(inputs.identity !== undefined && { identity: { principalId: `${uuid}04` } }),
    ...(kind === "ContainerApp" && {
      configuration: { ingress: { fqdn: `${name}.happy-hill.westus3.azurecontainerapps.io` } },
    }),
  };
}
