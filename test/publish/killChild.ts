// The process that is killed: it publishes three events through an outbox, until it is no more.
//
//   node killChild.mjs <outbox> <url>

import { systemClock } from "../../src/publish/publishClock";
import { outboxOf, publishOnce } from "./outboxSetup";

const [, , directory = "", url = ""] = process.argv;
const place = { directory, url, clock: systemClock };
await publishOnce(place, outboxOf(place, "first"));
