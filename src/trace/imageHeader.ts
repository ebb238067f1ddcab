// What sort of image some bytes are and how large it is, read from their beginning. Only what every browser draws as
// pixels: SVG is a document, and what cannot be told by its first bytes is no image here.

export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" | "image/bmp";

export interface ImageHeader {
  readonly mediaType: ImageType;
  /** Pixels; missing where the beginning does not say. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** So many bytes tell the sort; the size of a JPEG may stand far behind a preview that it carries. */
export const imageSignatureBytes = 32;
/** Bytes within which the size is looked for. */
export const imageHeaderBytes = 256 * 1024;

/** Undefined where the bytes begin like no image that is drawn. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) {
    return { mediaType: "image/png", ...sizeAt(view, 16, (at) => view.getUint32(at)) };
  }
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return { mediaType: "image/jpeg", ...jpegSize(view) };
  const four = ascii(bytes, 0, 4);
  if (four === "GIF8" && (ascii(bytes, 4, 6) === "7a" || ascii(bytes, 4, 6) === "9a")) {
    return { mediaType: "image/gif", ...pair(view, 6, 8, (at) => view.getUint16(at, true)) };
  }
  if (four === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return { mediaType: "image/webp", ...webpSize(bytes, view) };
  if (ascii(bytes, 4, 8) === "ftyp" && /^(?:avif|avis)$/.test(ascii(bytes, 8, 12))) {
    return { mediaType: "image/avif", ...avifSize(bytes, view) };
  }
  return bitmapHeader(bytes, view);
}

type Size = { readonly width?: number; readonly height?: number };

function bitmapHeader(bytes: Uint8Array, view: DataView): ImageHeader | undefined {
  // Two letters prove nothing: the size of the header that follows them must be one that exists.
  if (ascii(bytes, 0, 2) !== "BM" || bytes.length < 26) return undefined;
  const header = view.getUint32(14, true);
  if (header === 12) return { mediaType: "image/bmp", ...pair(view, 18, 20, (at) => view.getUint16(at, true)) };
  if (![40, 52, 56, 64, 108, 124].includes(header)) return undefined;
  // A height below zero says that the lines are written from the top.
  return { mediaType: "image/bmp", ...pair(view, 18, 22, (at) => Math.abs(view.getInt32(at, true))) };
}

function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return {};
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return pair(view, at + 7, at + 5, (place) => view.getUint16(place));
    // Behind the start of the scan only pixels follow.
    if (marker === 0xda || marker === 0xd9) return {};
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += hasNoLength ? 2 : 2 + Math.max(2, view.getUint16(at + 2));
  }
  return {};
}

function webpSize(bytes: Uint8Array, view: DataView): Size {
  if (view.byteLength < 30) return {};
  switch (ascii(bytes, 12, 16)) {
    case "VP8 ":
      return pair(view, 26, 28, (at) => view.getUint16(at, true) & 0x3fff);
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return pair(view, 24, 27, (at) => 1 + (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)));
    default:
      return {};
  }
}

/** The first `ispe` box: that of the picture itself, where there are several. */
function avifSize(bytes: Uint8Array, view: DataView): Size {
  for (let at = 12; at + 20 <= Math.min(bytes.length, 4_096); at++) {
    if (ascii(bytes, at, at + 4) === "ispe") return sizeAt(view, at + 8, (place) => view.getUint32(place));
  }
  return {};
}

function sizeAt(view: DataView, at: number, read: (at: number) => number): Size {
  return pair(view, at, at + 4, read);
}

function pair(view: DataView, widthAt: number, heightAt: number, read: (at: number) => number): Size {
  return Math.max(widthAt, heightAt) + 4 <= view.byteLength ? { width: read(widthAt), height: read(heightAt) } : {};
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, index) => bytes[index] === byte);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
