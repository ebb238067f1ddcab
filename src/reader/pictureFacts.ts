// What the host is told of each new picture.

import { headerFacts } from "./headerFacts";
import type { TracePicture } from "./picture";
import type { PictureFacts } from "./readerProtocol";

/** Asked for with each message that shows a picture, and worked out once. */
const made = new WeakMap<TracePicture, PictureFacts>();
let nextSerial = 1;

export function pictureFacts(picture: TracePicture): PictureFacts {
  const known = made.get(picture);
  if (known !== undefined) return known;
  const facts = makeFacts(picture);
  made.set(picture, facts);
  return facts;
}

function makeFacts(picture: TracePicture): PictureFacts {
  const { epoch, revision, columns, hasTexts, state, session } = picture;
  return {
    serial: nextSerial++,
    epoch,
    revision,
    rowCount: columns.count,
    lacksTexts: !hasTexts,
    header: headerFacts(picture),
    state,
    evidence: session.evidence,
    ...(isNothing(picture) ? { nothing: whyNothing(picture) } : {}),
  };
}

function isNothing({ columns, session }: TracePicture): boolean {
  return columns.count === 0 && !session.evidence.hasSnapshot && !session.evidence.journal;
}

function whyNothing({ problems }: TracePicture): PictureFacts["nothing"] {
  const worst = problems.find(({ severity }) => severity === "error");
  return { isTrace: worst?.code !== "not-a-trace", message: worst?.message ?? "" };
}
