// What an agent is: a call that has calls within it, a session, or a span that is named as one.

const agentName = /^(?:invoke_agent\b|agent$|sub-?agent)/i;

export function isAgent(kind: string, name: string): boolean {
  return kind === "tool" || kind === "session" || (kind === "span" && isAgentName(name));
}

/** Of a span of kind `span`. */
export function isAgentName(name: string): boolean {
  return agentName.test(name);
}
