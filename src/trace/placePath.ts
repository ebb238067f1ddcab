// What counts as the path of a source file in a text of a trace, and which paths are never given out: network shares
// (opening one sends credentials to a foreign host) and files that only exist inside a runtime.

export interface Location {
  readonly path: string;
  /** From 1. */
  readonly line?: number | undefined;
  /** From 1. */
  readonly column?: number | undefined;
}

const longestPath = 1_024;
const largestNumber = 9_999_999;

const knownExtensions = new Set(
  (
    "ts tsx mts cts js jsx mjs cjs vue svelte astro py pyi pyx ipynb rb erb rake java kt kts scala groovy gradle clj cljs go rs c cc cpp cxx h hh hpp hxx m mm " +
    "cs fs vb razor cshtml swift php pl pm lua dart ex exs erl hs ml mli nim zig jl r sol sql sh bash zsh fish ps1 psm1 bat cmd tf hcl tfvars json jsonc json5 yaml yml " +
    "toml ini cfg conf xml html htm css scss sass less styl md mdx rst txt csv graphql gql proto prisma env lock cmake mk bzl nix tex j2 jinja hbs ejs pug liquid wgsl glsl"
  ).split(" "),
);
const bareFileNames =
  /^(?:(?:GNU)?[Mm]akefile|Dockerfile|Containerfile|Rakefile|Gemfile|Jenkinsfile|[Jj]ustfile|Vagrantfile|Procfile|BUILD|WORKSPACE|Podfile|Fastfile|\.env)$/;
/** No file of a project has these, but globs, generics, templates and markup do. */
const neverInPaths = /[*?"<>|`{}\p{Cc}\p{Zl}\p{Zp}]/u;

const librarySegments =
  /(?:^|[/\\])(?:node_modules|site-packages|dist-packages|\.pnpm|\.yarn|\.cargo|\.rustup|\.m2|\.gradle|\.nuget|gems|vendor|rustc)[/\\]|[/\\]lib[/\\]python\d|[/\\]go[/\\](?:src[/\\](?:runtime|net|testing|reflect|internal|encoding|os|io|sync|fmt)|pkg[/\\]mod)[/\\]|^\/usr\/(?:lib|include|share)\/|\.asar[/\\]|^(?:internal|webpack|webpack-internal|electron)[/\\:]|^\(webpack\)|[/\\]webpack[/\\]bootstrap/;
const libraryJavaPackages =
  /^(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|org\.(?:junit|gradle|apache|springframework|codehaus|hamcrest|mockito|eclipse|jetbrains))\./;
const buildOutput = /(?:^|[/\\])(?:target[/\\](?:run|compiled)|\.next|\.nuxt|\.svelte-kit)[/\\]/;

/** The path as it may be given out, or undefined: too long, not a path, a network share, a part of a runtime. */
export function acceptPath(path: string): string | undefined {
  if (path === "" || path.length > longestPath || path.trim() !== path) return undefined;
  if (isNetworkPath(path) || neverInPaths.test(path)) return undefined;
  if (isRuntimeName(path)) return undefined;
  if (path === "." || path === ".." || /[/\\]$/.test(path)) return undefined;
  return path;
}

/** "node:fs", "data:...", "blob:...": what runtimes and browsers name and no file system has. */
export function isRuntimeName(text: string): boolean {
  return /^(?:node|native|eval|data|blob|about|chrome|chrome-extension|moz-extension|deno|bun|ext):/i.test(text);
}

/** `\\server\share`, `//server/share`, also with the slashes mixed, and the `\\?\` and `\\.\` forms of Windows. */
export function isNetworkPath(path: string): boolean {
  return /^\s*[/\\]{2}/.test(path);
}

/** Is this the code of somebody else: a dependency, the runtime, generated start-up code? */
export function isLibraryPath(path: string): boolean {
  return librarySegments.test(path);
}

export function isLibraryClass(className: string): boolean {
  return libraryJavaPackages.test(className);
}

/** Is this generated from a source file that is the better place to look at? */
export function isBuildOutput(path: string): boolean {
  return buildOutput.test(path);
}

/**
 * Does a word of a text name a file? A word with a line number behind it is believed sooner than one without: without
 * it the extension must be one of a source file and a directory must be named, because "Node.js" is no file. An unknown
 * extension is believed only below a directory whose first name can't be a host ("example.com/a.b:80").
 */
export function looksLikeFile(path: string, hasLine: boolean): boolean {
  const separator = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  const base = path.slice(separator + 1);
  if (bareFileNames.test(base)) return hasLine || separator >= 0;
  const dot = base.lastIndexOf(".");
  const extension = base.slice(dot + 1);
  if (dot < 1 || !/^[A-Za-z][A-Za-z0-9_+-]{0,11}$/.test(extension)) return false;
  if (knownExtensions.has(extension.toLowerCase())) return separator >= 0 || (hasLine && !base.includes("@"));
  if (!hasLine || separator < 0) return false;
  const first = path.slice(0, path.search(/[/\\]/));
  return first === "" || /^\.{1,2}$|^[A-Za-z]:$/.test(first) || !first.includes(".");
}

/**
 * The path that a `file:` URL, a bundler's URL or a development server's URL stands for. A path that is no URL comes
 * back as it is; undefined for a URL that is no file of this machine or project.
 */
export function pathOfUrl(text: string): string | undefined {
  const schemeEnd = text.indexOf("://");
  if (schemeEnd < 0) return /^file:\//i.test(text) ? decodePath(text.slice(5)) : text;
  const inner = text.lastIndexOf("file://");
  if (inner >= 0) return pathOfFileUrl(text.slice(inner + 7));
  const scheme = text.slice(0, schemeEnd).toLowerCase();
  const rest = text.slice(schemeEnd + 3);
  if (/^(?:webpack|webpack-internal|turbopack|rsc|vite|rollup|ng|app|vscode-file)$/.test(scheme))
    return bundledPath(rest);
  if (scheme !== "http" && scheme !== "https") return undefined;
  const served = /^(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?::\d+)?\/(.+)$/.exec(rest)?.[1];
  return served === undefined ? undefined : bundledPath(`/${served}`);
}

function pathOfFileUrl(rest: string): string | undefined {
  const path = rest.startsWith("localhost/") ? rest.slice(9) : rest;
  // What stands between the slashes of file://server/share is a host.
  if (!path.startsWith("/")) return undefined;
  return decodePath(path);
}

function decodePath(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(withoutQuery(path));
  } catch {
    decoded = withoutQuery(path);
  }
  if (isNetworkPath(decoded)) return undefined;
  return /^\/[A-Za-z]:[/\\]/.test(decoded) ? decoded.slice(1) : decoded;
}

/** `./src/x.ts` of `webpack://name/./src/x.ts?a1b2`, `/src/x.ts` of a dev server, the real path behind vite's `/@fs/`. */
function bundledPath(rest: string): string | undefined {
  const path = decodePath(rest);
  if (path === undefined) return undefined;
  const real = path.indexOf("/@fs/");
  if (real >= 0) return /^\/[A-Za-z]:/.test(path.slice(real + 4)) ? path.slice(real + 5) : path.slice(real + 4);
  const relative = path.indexOf("/./");
  const stripped =
    relative >= 0 ? path.slice(relative + 3) : path.replace(/^\/?(?:_N_E|\(app-pages-browser\)|\[project\])\//, "");
  return stripped.replace(/^(?:\.?\/)+/, "");
}

function withoutQuery(path: string): string {
  const query = path.search(/[?#]/);
  return query < 0 ? path : path.slice(0, query);
}

/** A line or column number, or undefined where the text is none that a file could have. */
export function positionNumber(value: string | number | undefined): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  return number !== undefined && Number.isInteger(number) && number >= 1 && number <= largestNumber
    ? number
    : undefined;
}
