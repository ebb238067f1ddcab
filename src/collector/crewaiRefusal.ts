// What crewAI is told where something can't be done, with its status.

/** What was asked for can't be done now, or with this session; `status` is HTTP's. */
export class CrewRefusal extends Error {
  readonly status: 409 | 413 | 503;

  constructor(status: 409 | 413 | 503, message: string) {
    super(message);
    this.status = status;
  }
}
