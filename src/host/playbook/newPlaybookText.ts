// What a new playbook holds: one that runs at once, with the rest of the format in comments beside it.

export function newPlaybookText(name: string): string {
  return `# A Tracekeeper playbook: steps that are run one after another in a traced session.
# Ctrl+Space offers what may stand at a place; rest the pointer on a key to see what it means.
name: ${JSON.stringify(name)}
description: What this playbook is for

# What is given when it is run. {who} stands for the value in the texts of steps.
params:
  who:
    type: string # or number, boolean, path
    default: world
    description: Who is greeted
  # token: { secret: true } # masked everywhere; without a default it has to be given

# Variables of the environment of all commands.
# env: { LOG_LEVEL: debug }

# When a session that goes in circles is stopped; the rest comes from the settings.
# guardrails:
#   consecutive_errors: 5
#   budget: { time: 30m, cost: 2.5, tokens: 200000 }

steps:
  - id: greet
    name: Greet
    action: run
    with:
      command: echo "Hello, {who}"
    # All of these must hold. Without them the exit code must be 0.
    expect:
      exit_code: 0
      output_matches: Hello
    timeout: 1m
    # Instead of the raw error, which stays in the trace.
    failure_message: "{who} could not be greeted"

  - id: report
    name: Report
    # Run only where this holds, a CEL expression.
    if: steps.greet.ok && params.who != ""
    action: run
    with:
      command: echo "The first step said {steps.greet.output}"
    # abort (default) ends the run where the step fails; continue goes on.
    on_failure: continue

  # - id: health
  #   action: http
  #   with:
  #     url: http://localhost:8080/health
  #   expect:
  #     status: 2xx
  #     json: { path: $.status, equals: ok }
  #   retries: { times: 3, backoff: 2s }

  # - id: review
  #   action: model
  #   with:
  #     base_url: https://api.openai.com/v1
  #     model: gpt-4o-mini
  #     key_env: OPENAI_API_KEY # never the key itself
  #     prompt: "Is this a greeting? {steps.greet.output}"
  #     price: { input: 0.15, output: 0.6 } # US dollars for a million tokens
`;
}
