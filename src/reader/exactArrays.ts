// Typed arrays as they may be sent: a view of a larger buffer would take all of that buffer with it, to the host and from
// there to the panel once more.

/** The same, with views of larger buffers copied. Looks at an object's fields and at their fields, no deeper. */
export function withExactArrays(value: unknown, depth = 2): unknown {
  if (ArrayBuffer.isView(value)) return isExact(value) ? value : (value as Uint8Array).slice();
  if (depth === 0 || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  let copied: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(value)) {
    const exact = withExactArrays(field, depth - 1);
    if (exact === field) continue;
    copied ??= { ...value };
    copied[name] = exact;
  }
  return copied ?? value;
}

function isExact(view: ArrayBufferView): boolean {
  return view.byteLength === view.buffer.byteLength;
}
