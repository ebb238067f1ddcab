// What a person is told who collects spans without a program: how programs send them here.

/** @param env of a program that would be started */
export function collectingText(env: Readonly<Record<string, string>>): string {
  const names = Object.keys(env).filter((name) => /^(?:OTEL_EXPORTER_OTLP_|TRACEPARENT$|TRACEKEEPER_S)/.test(name));
  const lines = names.map((name) => `  export ${name}=${quote(env[name] ?? "")}`);
  return `Spans are collected until Ctrl+C. Programs send them with this in their environment:\n${lines.join("\n")}\n`;
}

function quote(value: string): string {
  return /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
