/** A kind of resource as Azure's access control names it, and what else than read, write and delete it takes. */
interface Kind {
  readonly path: string;
  readonly more?: readonly string[];
}

const app = "Microsoft.App";
const storage = "Microsoft.Storage/storageAccounts";
const assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
const join = `${app}/managedEnvironments/join/action`;

/** What deploying takes on Azure, by the type of resource. learn.microsoft.com/azure/role-based-access-control/resource-provider-operations */
export const azureRights: Readonly<Record<string, Kind>> = {
  "azure-native:resources:ResourceGroup": { path: "Microsoft.Resources/subscriptions/resourceGroups" },
  "azure-native:storage:StorageAccount": { path: storage },
  "azure-native:storage:BlobServiceProperties": { path: `${storage}/blobServices` },
  "azure-native:storage:BlobContainer": { path: `${storage}/blobServices/containers` },
  "azure-native:storage:ManagementPolicy": { path: `${storage}/managementPolicies` },
  "azure-native:storage:Queue": { path: `${storage}/queueServices/queues` },
  "azure-native:containerregistry:Registry": { path: "Microsoft.ContainerRegistry/registries" },
  "docker-build:index:Image": {
    path: "Microsoft.ContainerRegistry/registries",
    more: ["Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"],
  },
  "azure-native:managedidentity:UserAssignedIdentity": { path: "Microsoft.ManagedIdentity/userAssignedIdentities" },
  "azure-native:authorization:RoleAssignment": { path: "Microsoft.Authorization/roleAssignments" },
  "azure-native:operationalinsights:Workspace": { path: "Microsoft.OperationalInsights/workspaces" },
  "azure-native:app:ManagedEnvironment": { path: `${app}/managedEnvironments` },
  "azure-native:app:Job": { path: `${app}/jobs`, more: [assign, join] },
  "azure-native:app:ContainerApp": { path: `${app}/containerApps`, more: [assign, join] },
  "azure-native:app:ContainerAppsAuthConfig": { path: `${app}/containerApps/authConfigs` },
  "azure-native:monitor:ActionGroup": { path: "Microsoft.Insights/actionGroups" },
  "azure-native:monitor:DiagnosticSetting": { path: "Microsoft.Insights/diagnosticSettings" },
  "azure-native:monitor:MetricAlert": { path: "Microsoft.Insights/metricAlerts" },
  "azure-native:monitor:ScheduledQueryRule": { path: "Microsoft.Insights/scheduledQueryRules" },
  "azure-native:applicationinsights:Workbook": { path: "Microsoft.Insights/workbooks" },
  "azure-native:consumption:Budget": { path: "Microsoft.Consumption/budgets" },
  "azure-native:eventgrid:SystemTopic": { path: "Microsoft.EventGrid/systemTopics" },
  "azure-native:eventgrid:SystemTopicEventSubscription": {
    path: "Microsoft.EventGrid/systemTopics/eventSubscriptions",
  },
  "azure-native:network:VirtualNetwork": { path: "Microsoft.Network/virtualNetworks" },
  "azure-native:network:Subnet": {
    path: "Microsoft.Network/virtualNetworks/subnets",
    more: ["Microsoft.Network/virtualNetworks/subnets/join/action"],
  },
};

/** The actions of who deploys these types of resources, in order. */
export function azureActions(types: Iterable<string>): string[] {
  const actions = [...types].flatMap((type) => {
    const kind = azureRights[type];
    return kind ? [...["delete", "read", "write"].map((verb) => `${kind.path}/${verb}`), ...(kind.more ?? [])] : [];
  });
  return [...new Set(actions)].sort();
}
