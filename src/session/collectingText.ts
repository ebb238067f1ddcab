// What a person is told who collects spans without a program: how programs send them here.

/** @param env of a program that would be started */
export function collectingText(
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const names = Object.keys(env).filter((name) => /^(?:OTEL_EXPORTER_OTLP_|TRACEPARENT$|TRACEKEEPER_S)/.test(name));
  const lines = environmentLines(Object.fromEntries(names.map((name) => [name, env[name] ?? ""])), platform);
  return `Spans are collected until Ctrl+C. Programs send them with this in their ${environmentWord(platform)}:\n${lines}`;
}

/** Lines to copy into a shell, each ended and set in. */
export function environmentLines(
  variables: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const set = platform === "win32" ? powerShellLine : posixLine;
  return Object.entries(variables)
    .map(([name, value]) => `  ${set(name, value)}\n`)
    .join("");
}

export function environmentWord(platform: NodeJS.Platform = process.platform): string {
  return platform === "win32" ? "environment (PowerShell)" : "environment";
}

function posixLine(name: string, value: string): string {
  return `export ${name}=${/^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`;
}

/** There every kind of single quote ends a text, and two of them stand for one. */
function powerShellLine(name: string, value: string): string {
  return `$env:${name} = '${value.replaceAll(/['\u2018-\u201b]/g, "$&$&")}'`;
}
