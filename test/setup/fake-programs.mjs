// Stands in for npm, Python with pip, g++, and Node in the tests of setup: as quick as can be, and able to fail in the
// ways that the real ones do, which the environment names. Each call is noted in $FAKE_CALLS.
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const program = path.basename(process.argv[1] ?? "");
const words = process.argv.slice(2);
const environment = /** @type {Record<string, string>} */ (process.env);
appendFileSync(environment.FAKE_CALLS ?? "", `${program} ${words.join(" ")}\n`);

if (program === "npm" && words[0] === "ci") {
  if (environment.FAKE_NPM === "offline")
    fail("npm error code ENOTFOUND\nnpm error network request failed, reason: getaddrinfo");
  const fromCache = environment.npm_config_prefer_offline === "true";
  if (environment.FAKE_NPM === "old-cache" && fromCache)
    fail("npm error code ETARGET\nnpm error notarget No matching version found");
  if (environment.FAKE_NPM === "mismatch")
    fail("npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when in sync");
  mkdirSync("node_modules/half-installed", { recursive: true });
  if (environment.FAKE_HANG === "npm") hang();
  for (const folder of ["node/bin", ".bin", "node-api-headers/include", "@tensorflow/tfjs-node/binding"]) {
    mkdirSync(path.join("node_modules", folder), { recursive: true });
  }
  writeFileSync("node_modules/node/package.json", '{ "version": "24.0.0" }');
  writeFileSync("node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc", "// C++");
  for (const node of ["node_modules/node/bin/node", "node_modules/.bin/node"]) {
    copyFileSync(environment.FAKE_LAUNCHER ?? "", node);
  }
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  delete lock.packages[""];
  writeFileSync("node_modules/.package-lock.json", JSON.stringify(lock));
} else if (program === "npm" && words.includes("@tensorflow/tfjs-node")) {
  if (environment.FAKE_OFFICIAL !== "works") fail("npm error code 1\nnpm error command failed");
  mkdirSync("node_modules/@tensorflow/tfjs-node/lib/napi-v8", { recursive: true });
  writeFileSync("node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node", "");
} else if (program === "python3" && words.includes("download")) {
  const wheel = environment.FAKE_WHEEL ?? "";
  const bytes = readFileSync(wheel);
  const target = path.join(words[words.indexOf("-d") + 1] ?? "", path.basename(wheel));
  if (environment.FAKE_PIP === "offline")
    fail("WARNING: Retrying (Retry(total=0)): Failed to establish a new connection");
  if (environment.FAKE_PIP === "no-wheel") fail("ERROR: No matching distribution found for tensorflow-cpu==2.21.0");
  if (environment.FAKE_PIP === "disk-full") writeFileSync(target, Buffer.alloc(2_000_000));
  if (environment.FAKE_PIP === "broken") bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  if (environment.FAKE_HANG === "pip") {
    writeFileSync(path.join(environment.TMPDIR ?? "", "half"), bytes.subarray(0, bytes.length / 2));
    hang();
  }
  writeFileSync(target, bytes);
} else if (program === "python3" && words.some((word) => word.endsWith("unpack-wheel.py"))) {
  if (environment.FAKE_HANG === "unpack") {
    mkdirSync(words.at(-1) ?? "");
    hang();
  }
  process.exit(spawnSync(environment.FAKE_REAL_PYTHON ?? "", words, { stdio: "inherit" }).status ?? 1);
} else if (program === "g++" && words.includes("-o")) {
  if (environment.FAKE_COMPILER === "fails") fail("fatal error: cstring: No such file or directory");
  const library = words[words.indexOf("-L") + 1] ?? "";
  if (!existsSync(path.join(library, "libtensorflow_cc.so.2"))) fail("cannot find -l:libtensorflow_cc.so.2");
  if (!existsSync(path.join(library, "include/tensorflow/c/c_api.h"))) fail("tensorflow/c/c_api.h: No such file");
  const output = words[words.indexOf("-o") + 1] ?? "";
  if (environment.FAKE_HANG === "compiler") {
    writeFileSync(output, "ha");
    hang();
  }
  writeFileSync(output, "half and half");
} else if (program === "node") {
  if (environment.FAKE_CPU === "old") {
    process.stderr.write(
      "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine.",
    );
    process.kill(process.pid, "SIGABRT");
  }
  console.log(`this is the clone's node: ${words.join(" ")}`);
  process.exitCode = Number(environment.FAKE_EXIT_CODE ?? 0);
  if (environment.FAKE_HANG === "command") hang();
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Says so, and waits to be killed. The rest of the program does not run. */
function hang() {
  writeFileSync(environment.FAKE_HANGING ?? "", String(process.pid));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
