/** The clouds that a job can run on. */
export const clouds = ["aws", "gcp", "azure"] as const;
export type Cloud = (typeof clouds)[number];
export const cloudNames: Readonly<Record<Cloud, string>> = { aws: "AWS", gcp: "Google Cloud", azure: "Azure" };
export type Prices = Readonly<Record<Cloud, CloudPrices>>;

/** How sure a price is. The clouds' own price pages cannot be read by a program, so most come at second hand. */
export type Sureness =
  /** The cloud's own price interface said so, at that date. */
  | "price list"
  /** Several public sources that do not depend on each other agree. */
  | "agreed"
  /** One weak source, or common knowledge. */
  | "weak";

export interface Price {
  /** For one `unit`. */
  readonly dollars: number;
  readonly unit: string;
  /** What an account gets of it each month for nothing, in units. */
  readonly freePerMonth: number;
  /** Month of the source. */
  readonly asOf: string;
  readonly sure: Sureness;
  readonly source: string;
}

/** What a job pays for, the same for each cloud. A cloud that does not charge for something has a price of 0 for it. */
export interface CloudPrices {
  readonly region: string;
  readonly coreSecond: Price;
  readonly memoryGibSecond: Price;
  readonly invocation: Price;
  /** PUT and LIST. */
  readonly storeWrite: Price;
  /** GET and HEAD. */
  readonly storeRead: Price;
  readonly storedGibMonth: Price;
  /** What one message costs on its way through the queue: sent, received, acknowledged. */
  readonly message: Price;
  readonly egressGib: Price;
  /** Functions are billed in steps of so many milliseconds. */
  readonly billingStepMs: number;
  /** An always-on machine to compare with. */
  readonly machine: { readonly name: string; readonly cores: number; readonly hour: Price };
}

const free = (unit: string, source: string): Price => ({
  ...{ dollars: 0, unit, freePerMonth: 0, asOf: "2026-09", sure: "agreed", source },
});

/**
 * List prices in US dollars, without discounts and tax. `docs/costs.md` is made from this table, and says the same.
 * A job's own prices come before these (`--prices`).
 */
export const listPrices: Prices = {
  aws: {
    region: "us-east-1",
    coreSecond: free("core-second", "Lambda charges for memory alone; cores come with it"),
    memoryGibSecond: {
      ...{ dollars: 0.0000166667, unit: "GiB-second", freePerMonth: 400_000, asOf: "2026-05", sure: "agreed" },
      source: "aws.amazon.com/lambda/pricing, x86",
    },
    invocation: {
      ...{ dollars: 0.2e-6, unit: "invocation", freePerMonth: 1_000_000, asOf: "2026-09", sure: "price list" },
      source: "aws.amazon.com/lambda/pricing",
    },
    storeWrite: {
      ...{ dollars: 0.005e-3, unit: "request", freePerMonth: 0, asOf: "2026-08", sure: "price list" },
      source: "aws.amazon.com/s3/pricing",
    },
    storeRead: {
      ...{ dollars: 0.0004e-3, unit: "request", freePerMonth: 0, asOf: "2026-08", sure: "price list" },
      source: "aws.amazon.com/s3/pricing",
    },
    storedGibMonth: {
      ...{ dollars: 0.023, unit: "GiB-month", freePerMonth: 0, asOf: "2026-08", sure: "agreed" },
      source: "aws.amazon.com/s3/pricing, Standard",
    },
    message: {
      ...{ dollars: 4 * 0.4e-6, unit: "message", freePerMonth: 250_000, asOf: "2026-09", sure: "agreed" },
      source: "aws.amazon.com/sqs/pricing: four requests: send, receive, hide for a task's time, delete",
    },
    egressGib: {
      ...{ dollars: 0.09, unit: "GiB", freePerMonth: 100, asOf: "2026-09", sure: "agreed" },
      source: "aws.amazon.com/ec2/pricing/on-demand, data transfer",
    },
    billingStepMs: 1,
    machine: {
      ...{ name: "c7i.xlarge", cores: 4 },
      hour: {
        ...{ dollars: 0.1785, unit: "hour", freePerMonth: 0, asOf: "2026-09", sure: "agreed" },
        source: "aws.amazon.com/ec2/pricing/on-demand",
      },
    },
  },
  gcp: {
    region: "us-central1",
    coreSecond: {
      ...{ dollars: 0.000024, unit: "core-second", freePerMonth: 180_000, asOf: "2026-09", sure: "price list" },
      source: "Cloud Billing interface, Cloud Run, billed by request",
    },
    memoryGibSecond: {
      ...{ dollars: 0.0000025, unit: "GiB-second", freePerMonth: 360_000, asOf: "2026-09", sure: "price list" },
      source: "Cloud Billing interface, Cloud Run, billed by request",
    },
    invocation: {
      ...{ dollars: 0.4e-6, unit: "invocation", freePerMonth: 2_000_000, asOf: "2026-09", sure: "price list" },
      source: "Cloud Billing interface, Cloud Run",
    },
    storeWrite: {
      ...{ dollars: 0.005e-3, unit: "request", freePerMonth: 0, asOf: "2026-08", sure: "price list" },
      source: "Cloud Billing interface, Cloud Storage class A",
    },
    storeRead: {
      ...{ dollars: 0.0004e-3, unit: "request", freePerMonth: 0, asOf: "2026-08", sure: "price list" },
      source: "Cloud Billing interface, Cloud Storage class B",
    },
    storedGibMonth: {
      ...{ dollars: 0.02, unit: "GiB-month", freePerMonth: 5, asOf: "2026-08", sure: "price list" },
      source: "Cloud Billing interface, Cloud Storage Standard",
    },
    message: {
      ...{
        dollars: (2 * 1000 * 40) / 2 ** 40,
        unit: "message",
        freePerMonth: (10 * 2 ** 30) / 2000,
        asOf: "2026-09",
        sure: "agreed",
      },
      source: "cloud.google.com/pubsub/pricing: at least 1 kB sent and 1 kB delivered",
    },
    egressGib: {
      ...{ dollars: 0.12, unit: "GiB", freePerMonth: 1, asOf: "2026-09", sure: "agreed" },
      source: "cloud.google.com/storage/pricing, network",
    },
    billingStepMs: 100,
    machine: {
      ...{ name: "n2-standard-4", cores: 4 },
      hour: {
        ...{ dollars: 0.1942, unit: "hour", freePerMonth: 0, asOf: "2026-09", sure: "price list" },
        source: "Cloud Billing interface, N2",
      },
    },
  },
  azure: {
    region: "eastus",
    coreSecond: {
      ...{ dollars: 0.000024, unit: "core-second", freePerMonth: 180_000, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, Container Apps, active",
    },
    memoryGibSecond: {
      ...{ dollars: 0.000003, unit: "GiB-second", freePerMonth: 360_000, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, Container Apps, active",
    },
    invocation: free("invocation", "an event-driven job of Container Apps pays for its time alone"),
    storeWrite: {
      ...{ dollars: 0.005e-3, unit: "request", freePerMonth: 0, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, Blob hot LRS",
    },
    storeRead: {
      ...{ dollars: 0.0004e-3, unit: "request", freePerMonth: 0, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, Blob hot LRS",
    },
    storedGibMonth: {
      ...{ dollars: 0.0208, unit: "GiB-month", freePerMonth: 0, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, Blob hot LRS",
    },
    message: {
      ...{ dollars: 3 * 0.00004e-3, unit: "message", freePerMonth: 0, asOf: "2026-09", sure: "weak" },
      source: "azure.microsoft.com/pricing/details/storage/queues: three requests",
    },
    egressGib: {
      ...{ dollars: 0.087, unit: "GiB", freePerMonth: 100, asOf: "2026-09", sure: "price list" },
      source: "Retail Prices interface, bandwidth",
    },
    billingStepMs: 1000,
    machine: {
      ...{ name: "D4s v5", cores: 4 },
      hour: {
        ...{ dollars: 0.192, unit: "hour", freePerMonth: 0, asOf: "2026-09", sure: "agreed" },
        source: "azure.microsoft.com/pricing/details/virtual-machines",
      },
    },
  },
};
