// The smallest images of each sort that begin as real ones do; the PNG, GIF and BMP are whole.

import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG of one colour, or of whatever `pixel` says: red, green and blue from 0 to 255. */
export function pngImage(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number] = () => [200, 80, 40],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: width }, (__, x) => [...pixel(x, y)]).flat()]),
  );
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function bmp(width: number, height: number): Buffer {
  const image = Buffer.alloc(54 + 4 * width * height);
  image.write("BM", "latin1");
  image.writeUInt32LE(image.length, 2);
  image.writeUInt32LE(54, 10);
  image.writeUInt32LE(40, 14);
  image.writeInt32LE(width, 18);
  // Lines from the top.
  image.writeInt32LE(-height, 22);
  image.writeUInt16LE(1, 26);
  image.writeUInt16LE(32, 28);
  return image;
}

function webp(kind: string, rest: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBP${kind}\0\0\0\0`, "latin1"), Buffer.from(rest), Buffer.alloc(20)]);
}

export const images = {
  png: pngImage(3, 2),
  gif: Buffer.from("R0lGODlhBQAEAIAAAP///wAAACH5BAAAAAAALAAAAAAFAAQAAAIEhI+pWAA7", "base64"),
  bmp: bmp(6, 7),
  /** A preview of another size stands in a segment before the frame's. */
  jpeg: Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10]),
    Buffer.from("JFIF\0\x01\x01\0\0\x01\0\x01\0\0", "latin1"),
    Buffer.from([0xff, 0xe1, 0x00, 0x0c, 0xff, 0xc0, 0x00, 0x11, 0x08, 0x00, 0x01, 0x00, 0x01, 0x03]),
    Buffer.from([0xff, 0xff, 0xc2, 0x00, 0x11, 0x08, 0x00, 0x21, 0x00, 0x2c, 0x03, 0x01, 0x22, 0x00, 0x02, 0x11]),
    Buffer.alloc(20),
  ]),
  webpLossy: webp("VP8 ", [0, 0, 0, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x20, 0x00]),
  webpLossless: webp("VP8L", [0x2f, 0x09, 0xc0, 0x04, 0x00]),
  webpExtended: webp("VP8X", [0, 0, 0, 0, 0x63, 0x00, 0x00, 0x31, 0x00, 0x00]),
  avif: Buffer.concat([
    Buffer.from("\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "latin1"),
    Buffer.from("\0\0\0\x14ispe\0\0\0\0\0\0\0\x0b\0\0\0\x0c", "latin1"),
    Buffer.alloc(10),
  ]),
};
