// The images of a payload, drawn from bytes that the trace holds: fetched when they come into view, bounded in height, with
// what they are and how large. Nothing is fetched from anywhere else.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { PayloadImage, PayloadView } from "../../../src/trace/payload";
import { formatBytes } from "../../format";
import { type ImageAddress, loadImage } from "../../model/imageLoader";
import type { Panel } from "../../model/panel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";

const shownAtFirst = 6;
/** Larger ones are drawn on request. */
const loadedBytes = 8 * 1_048_576;
/** A few bytes can stand for more pixels than a page should hold. */
const mostPixels = 80_000_000;

export interface ImageListProps {
  readonly panel: Panel;
  readonly address: Omit<ImageAddress, "image">;
  readonly payload: PayloadView;
}

export function ImageList({ panel, address, payload }: ImageListProps) {
  const [shown, setShown] = useState(shownAtFirst);
  const { images, moreImages } = payload;
  if (images.length === 0) return null;
  const left = images.length - shown;
  return (
    <div class="images">
      {images.slice(0, shown).map((image, index) => (
        <PayloadImageView
          key={`${address.epoch} ${index} ${image.bytes}`}
          panel={panel}
          address={{ ...address, image: index }}
          image={image}
          name={text("imageOf", formatInteger(index + 1), formatInteger(images.length + moreImages))}
        />
      ))}
      {left > 0 && (
        <button type="button" class="link-button" onClick={() => setShown(shown + 4 * shownAtFirst)}>
          {text("moreImages", formatInteger(left))}
        </button>
      )}
      {left <= 0 && moreImages > 0 && <p class="cut-mark">{text("imagesLeftOut", formatInteger(moreImages))}</p>}
    </div>
  );
}

interface ImageViewProps {
  readonly panel: Panel;
  readonly address: ImageAddress;
  readonly image: PayloadImage;
  readonly name: string;
}

type ImageState =
  | { readonly type: "waiting" | "failed" }
  | { readonly type: "ready"; readonly source: string; readonly size?: readonly [number, number] };

function PayloadImageView({ panel, address, image, name }: ImageViewProps) {
  const box = useRef<HTMLElement>(null);
  const [isWanted, setWanted] = useState(false);
  const [state, setState] = useState<ImageState>({ type: "waiting" });
  const [isLarge, setLarge] = useState(false);
  const isTooLarge = (image.width ?? 0) * (image.height ?? 0) > mostPixels;
  const waitsForClick = image.bytes > loadedBytes || (image.mediaType === "image/gif" && prefersStillness());
  useLayoutEffect(() => {
    if (isWanted || isTooLarge || waitsForClick || box.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setWanted(true);
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [isWanted]);
  useEffect(() => {
    if (!isWanted) return;
    let isCurrent = true;
    let source: string | undefined;
    loadImage(panel.connection, address, image, () => isCurrent).then(
      (loaded) => {
        if (loaded === undefined) return;
        if (!isCurrent) return URL.revokeObjectURL(loaded);
        source = loaded;
        setState({ type: "ready", source });
      },
      () => {
        if (isCurrent) setState({ type: "failed" });
      },
    );
    return () => {
      isCurrent = false;
      if (source !== undefined) URL.revokeObjectURL(source);
    };
  }, [isWanted]);
  const [width, height] = state.type === "ready" && state.size ? state.size : [image.width, image.height];
  const size =
    width === undefined || height === undefined ? "" : text("imageSize", formatInteger(width), formatInteger(height));
  const facts = [image.name, image.mediaType, size, formatBytes(image.bytes)].filter(Boolean).join(" · ");
  return (
    <figure ref={box} class="image" aria-label={`${name}: ${facts}`}>
      {state.type === "ready" ? (
        <button
          type="button"
          class={`image-frame ${isLarge ? "is-large" : ""}`}
          aria-pressed={isLarge}
          title={text(isLarge ? "imageSmaller" : "imageLarger")}
          onClick={() => setLarge(!isLarge)}
        >
          <img
            src={state.source}
            alt={image.name ?? name}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setState({ ...state, size: [naturalWidth, naturalHeight] })
            }
            onError={() => setState({ type: "failed" })}
          />
        </button>
      ) : (
        <div class="image-frame is-empty">
          {isTooLarge ? (
            text("imageTooLarge")
          ) : state.type === "failed" ? (
            text("imageFailed")
          ) : waitsForClick && !isWanted ? (
            <button type="button" class="button button-secondary" onClick={() => setWanted(true)}>
              {text("showImage", formatBytes(image.bytes))}
            </button>
          ) : (
            <Icon name="loading" spin />
          )}
        </div>
      )}
      <figcaption title={facts}>{facts}</figcaption>
    </figure>
  );
}

/** Somebody who wants less motion may not want an animation that begins by itself. */
function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
