// Told to who runs the playbook: a placeholder in a shell line whose value the shell can't be handed as one piece.

export class ShellLineError extends Error {}
