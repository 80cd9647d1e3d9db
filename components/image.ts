import { Image } from "@pulumi/docker-build";
import type * as pulumi from "@pulumi/pulumi";
import type { ImageBuild } from "./pipeline.ts";
import type { Scope } from "./scope.ts";

/** How to log in to a registry. */
export interface RegistryLogin {
  address: pulumi.Input<string>;
  username: pulumi.Input<string>;
  password: pulumi.Input<string>;
}

/**
 * Builds the worker image and pushes it, for x86-64 alone: Cloud Run and Container Apps run nothing else. Returns its
 * reference by digest. Not built in a preview, where the digest is then unknown.
 */
export function buildImage(
  scope: Scope,
  build: ImageBuild,
  repository: pulumi.Output<string>,
  target: string,
  login: RegistryLogin | undefined,
): Image {
  const { gate } = scope;
  return scope.create(Image, "image", {
    context: { location: gate(build.context) },
    ...(build.dockerfile !== undefined && { dockerfile: { location: gate(build.dockerfile) } }),
    target: gate(build.target ?? target),
    platforms: ["linux/amd64"],
    tags: [repository.apply((url) => `${url}:latest`)],
    // Layers with the same files then have the same digest.
    buildArgs: { SOURCE_DATE_EPOCH: "0" },
    push: true,
    buildOnPreview: false,
    ...(login && { registries: [login] }),
  });
}

/** `REPOSITORY@sha256:...`, whatever tag it was pushed under. */
export function imageByDigest(image: Image, repository: pulumi.Output<string>): pulumi.Output<string> {
  return image.digest.apply((digest) => repository.apply((url) => `${url}@${digest}`));
}
