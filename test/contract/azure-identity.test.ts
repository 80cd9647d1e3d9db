import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { startAzurite } from "../support/emulators.ts";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tools } from "../tools/tools.ts";

const run = promisify(execFile);
const client = path.join(import.meta.dirname, "azure-identity-client.ts");

describe("Azure with a managed identity", () => {
  const folder = temporaryFolder();

  it("asks the platform for a token, and Azurite over HTTPS with nothing else", async function () {
    await requireTool(this, tools.azurite);
    this.timeout(60_000);
    const certificate = { cert: path.join(folder(), "cert.pem"), key: path.join(folder(), "key.pem") };
    const openssl = await makeCertificate(certificate).then(
      () => true,
      () => false,
    );
    requirePart(this, "openssl", openssl, "Install it with `apt-get install openssl`.");
    const asked: string[] = [];
    // Container Apps' endpoint for tokens (learn.microsoft.com/azure/app-service/overview-managed-identity, REST).
    const identity = createServer(({ url = "", headers }, response) => {
      asked.push(`${headers["x-identity-header"]} ${new URL(url, "http://x").searchParams.get("resource")}`);
      const expires_on = Math.floor(Date.now() / 1000) + 3600;
      const answer = {
        access_token: token(expires_on),
        expires_on,
        resource: "https://storage.azure.com",
        token_type: "Bearer",
      };
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    }).listen(0, "127.0.0.1");
    const azurite = await startAzurite(["--oauth", "basic", "--cert", certificate.cert, "--key", certificate.key]);
    try {
      const { port } = identity.address() as AddressInfo;
      const { stdout } = await run(process.execPath, [client, `${azurite.url}/data`, `${azurite.queueUrl}/tasks`], {
        env: {
          ...{ IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: "secret" },
          NODE_EXTRA_CA_CERTS: certificate.cert,
        },
      });
      expect(JSON.parse(stdout)).to.deep.equal({ put: "created", read: "stored", received: "sent" });
      expect(asked).to.include("secret https://storage.azure.com");
    } finally {
      await azurite.stop();
      identity.close();
    }
  });
});

function makeCertificate({ cert, key }: { readonly cert: string; readonly key: string }): Promise<unknown> {
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  return run("openssl", [...request, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]);
}

/** A token as Azure makes it, without its signature, which Azurite does not check. */
function token(expiresOn: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issued = expiresOn - 7200;
  const tenant = "00000000-0000-0000-0000-000000000000";
  const claims = {
    aud: "https://storage.azure.com",
    iss: `https://sts.windows.net/${tenant}/`,
    nbf: issued,
    iat: issued,
  };
  return `${part({ alg: "RS256", typ: "JWT" })}.${part({ ...claims, exp: expiresOn })}.${part("none")}`;
}
