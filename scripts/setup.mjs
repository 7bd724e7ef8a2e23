// Makes a fresh clone runnable: installs the locked packages, Node 24 among them, and checks the result.
// Plain JavaScript on purpose: it must run on whatever Node the machine has (18 or newer).
// npm puts node_modules/.bin first on PATH, so the script after `pre…` already runs on the Node installed here.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const lock = join(root, "package-lock.json");
const installed = join(root, "node_modules", ".package-lock.json");

const packages = join(root, "node_modules");
const own = join(packages, ".bin", process.platform === "win32" ? "node.cmd" : "node");

const missing = !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs;
// npm would empty the folder that a link leads to, and that is another checkout's.
const borrowed = lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink() === true;
if (missing && borrowed) console.error("Nightshift: node_modules is a link, so nothing is installed through it. If what it leads to is not what package-lock.json says, remove the link.");
const installs = missing && !borrowed;

if (installs) {
  console.error("Nightshift: installing the locked packages (once; about a minute) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const done = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (done.status !== 0) {
    console.error("Nightshift: `npm ci` failed; the message above says why. Is the npm registry within reach?");
    process.exit(1);
  }
}

if (installs || !existsSync(own)) {
  const version = execFileSync("node", ["--version"], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(packages, ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}` },
  }).trim();
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    console.error(`Nightshift needs Node 22.18 or newer and found ${version}: install one, or use a platform that package.json brings Node 24 for.`);
    process.exit(1);
  }
}

// Only makes the first rehearsal quick, so it may fail: without it the command runs from its sources, or makes it later.
if (installs) spawnSync(existsSync(own) ? own : process.execPath, [join(root, "scripts", "build-command.mjs")], { stdio: "ignore" });

// Browser tests need a real Chromium: Debian's, where it can be had. Without one they say that they were skipped, and why.
if (process.argv.includes("--chromium") && !["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].some((file) => existsSync(file))) {
  const canInstall = process.platform === "linux" && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status === 0;
  if (canInstall) {
    console.error("Nightshift: installing Debian's chromium for the browser tests (once) ...");
    const quiet = { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 300_000 };
    spawnSync("apt-get", ["update", "-qq"], quiet);
    const got = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], quiet);
    if (got.status !== 0) console.error("Nightshift: chromium could not be installed; the browser tests will be skipped.");
  }
}
