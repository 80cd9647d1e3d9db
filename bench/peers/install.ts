import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "trivet");
const folder = path.join(cache, "python-peers");
const python = path.join(folder, "bin", "python");

/** What each peer of peers.py is part of. */
const packages: Readonly<Record<string, string>> = {
  torch: "torch==2.15.0",
  "torch.compile": "torch==2.15.0",
  "tf.function": "tensorflow-cpu==2.21.0",
  XLA: "tensorflow-cpu==2.21.0",
  "jax.jit": "jax==0.10.2",
};

/**
 * Installs the peers into a virtual environment in the user's cache, the first time: 7 GB on disk, since PyTorch's package
 * brings CUDA along. Says which could not be had, and why; gives those that could.
 */
export function installPeers(): { readonly python: string; readonly peers: string[] } {
  try {
    if (!existsSync(python)) {
      mkdirSync(cache, { recursive: true });
      execFileSync("python3", ["-m", "venv", folder], { stdio: "pipe" });
    }
  } catch (error) {
    console.log(`No peers: Python 3 with its venv module is missing (${lastLine(error)}).`);
    return { python, peers: [] };
  }
  const missing = new Set([...new Set(Object.values(packages))].filter((name) => !install(name)));
  return { python, peers: Object.keys(packages).filter((peer) => !missing.has(packages[peer]!)) };
}

function install(name: string): boolean {
  try {
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", name], { stdio: "pipe" });
    return true;
  } catch (error) {
    console.log(`Without ${name}, which could not be installed: ${lastLine(error)}`);
    return false;
  }
}

function lastLine(error: unknown): string | undefined {
  const { stderr, message } = error as Error & { stderr?: Buffer };
  return (stderr?.toString().trim() || message).split("\n").at(-1);
}
