// What a disk holds and what of it is safe. A file's data is safe from its next sync on; a name is safe once its directory
// was synced after it was given. What is not safe may be on the disk all the same, in part, or out of order.

import { lengthFrom, pick, type Random } from "./random";

export interface FileNode {
  readonly kind: "file";
  readonly ino: number;
  mtimeMs: number;
  /** Names that it has. */
  links: number;
  /** Its data, followed by room to grow. */
  room: Uint8Array;
  sizeBytes: number;
  /** The length that a power cut can't take away. */
  safeBytes: number;
  /** What was written and is not on the disk for sure, one entry for each write. */
  unsafe: UnsafeRange[];
}

interface UnsafeRange {
  readonly from: number;
  readonly to: number;
  /** A sync of it failed: the system takes it for written, so that no later sync makes it safe. */
  readonly isGivenUp: boolean;
}

export interface DirectoryNode {
  readonly kind: "directory";
  readonly ino: number;
  mtimeMs: number;
  readonly entries: Map<string, Node>;
  /** The entries that a power cut can't take away, but for changes that are pending. */
  readonly safeEntries: Map<string, Node>;
}

export type Node = FileNode | DirectoryNode;

interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/** One change of names. It is on the disk as a whole or not at all. */
interface EntryChange {
  readonly node: Node;
  readonly vacates: Place | undefined;
  readonly fills: Place | undefined;
}

export class DiskModel {
  readonly root: DirectoryNode;
  #lastIno: number;
  /** Changes that are not on the disk for sure, in the order in which they were made. */
  #pending: EntryChange[] = [];

  constructor(root?: DirectoryNode, lastIno = 1) {
    this.root = root ?? newDirectory(1, 0);
    this.#lastIno = lastIno;
  }

  makeFile(nowMs: number): FileNode {
    const ino = ++this.#lastIno;
    const room = new Uint8Array(0);
    return { kind: "file", ino, mtimeMs: nowMs, links: 0, room, sizeBytes: 0, safeBytes: 0, unsafe: [] };
  }

  makeDirectory(nowMs: number): DirectoryNode {
    return newDirectory(++this.#lastIno, nowMs);
  }

  /** Gives a node a name, takes one away, or both at once. What had the name `fills` before loses it. */
  change(node: Node, vacates: Place | undefined, fills: Place | undefined): void {
    const replaced = fills?.directory.entries.get(fills.name);
    const change: EntryChange = { node, vacates, fills };
    applyChange(change, ({ entries }) => entries);
    this.#pending.push(change);
    if (replaced?.kind === "file") replaced.links--;
    if (node.kind === "file") node.links += (fills ? 1 : 0) - (vacates ? 1 : 0);
  }

  syncDirectory(directory: DirectoryNode): void {
    this.#makeSafe((change) => change.vacates?.directory === directory || change.fills?.directory === directory);
  }

  syncEverything(): void {
    this.#makeSafe(() => true);
    for (const node of nodesBelow(this.root)) if (node.kind === "file") syncFile(node);
  }

  /** The same disk once more, with the same things unsafe. */
  copy(): DiskModel {
    const copies = new Map<Node, Node>();
    const copyOf = (node: Node): Node => {
      const known = copies.get(node);
      if (known) return known;
      if (node.kind === "file") {
        const copy = { ...node, room: node.room.slice(0, node.sizeBytes), unsafe: node.unsafe.slice() };
        copies.set(node, copy);
        return copy;
      }
      const copy: DirectoryNode = { ...node, entries: new Map(), safeEntries: new Map() };
      copies.set(node, copy);
      for (const [name, child] of node.entries) copy.entries.set(name, copyOf(child));
      for (const [name, child] of node.safeEntries) copy.safeEntries.set(name, copyOf(child));
      return copy;
    };
    const placeOf = (place: Place | undefined): Place | undefined =>
      place && { directory: copyOf(place.directory) as DirectoryNode, name: place.name };
    const disk = new DiskModel(copyOf(this.root) as DirectoryNode, this.#lastIno);
    disk.#pending = this.#pending.map(({ node, vacates, fills }) => ({
      node: copyOf(node),
      vacates: placeOf(vacates),
      fills: placeOf(fills),
    }));
    return disk;
  }

  /** The disk as it may be found after a power cut. */
  afterPowerCut(random: Random): DiskModel {
    const disk = this.copy();
    disk.#settleEntries(random);
    const seen = new Set<FileNode>();
    for (const node of nodesBelow(disk.root)) {
      if (node.kind !== "file") continue;
      if (!seen.has(node)) settleFile(node, random);
      node.links = seen.has(node) ? node.links + 1 : 1;
      seen.add(node);
    }
    return disk;
  }

  /** Draws which of the pending changes are on the disk. */
  #settleEntries(random: Random): void {
    const share = pick(random, [1, 0, 0.5, 0.8] as const);
    const pending = this.#pending;
    const isKept = pending.map(() => share === 1 || random() < share);
    for (let index = pending.length - 1; index >= 0; index--) {
      const change = pending[index];
      if (!change || !isKept[index]) continue;
      for (let before = 0; before < index; before++) {
        const earlier = pending[before];
        if (earlier && mustComeAfter(change, earlier)) isKept[before] = true;
      }
    }
    for (const [index, change] of pending.entries()) {
      if (isKept[index]) applyChange(change, ({ safeEntries }) => safeEntries);
    }
    this.#pending = [];
    settleDirectory(this.root);
  }

  #makeSafe(isWanted: (change: EntryChange) => boolean): void {
    const pending = this.#pending;
    const isSafe = pending.map(isWanted);
    for (let index = pending.length - 1; index >= 0; index--) {
      const change = pending[index];
      if (!change || !isSafe[index]) continue;
      for (let before = 0; before < index; before++) {
        const earlier = pending[before];
        if (earlier && (mustComeAfter(change, earlier) || sharesPlace(change, earlier))) isSafe[before] = true;
      }
    }
    for (const [index, change] of pending.entries()) {
      if (isSafe[index]) applyChange(change, ({ safeEntries }) => safeEntries);
    }
    this.#pending = pending.filter((_, index) => !isSafe[index]);
  }
}

export function appendTo(file: FileNode, bytes: Uint8Array, nowMs: number): void {
  const from = file.sizeBytes;
  const to = from + bytes.length;
  if (to > file.room.length) {
    const grown = new Uint8Array(Math.max(256, 2 * to));
    grown.set(file.room.subarray(0, from));
    file.room = grown;
  }
  file.room.set(bytes, from);
  file.sizeBytes = to;
  file.mtimeMs = nowMs;
  if (to > from) file.unsafe.push({ from, to, isGivenUp: false });
}

export function syncFile(file: FileNode): void {
  file.unsafe = file.unsafe.filter(({ isGivenUp }) => isGivenUp);
  file.safeBytes = file.sizeBytes;
}

export function giveUpUnsafe(file: FileNode): void {
  file.unsafe = file.unsafe.map((range) => ({ ...range, isGivenUp: true }));
}

/** All files and directories below, each as often as it has a name, by name. */
export function* nodesBelow(directory: DirectoryNode): Generator<Node> {
  for (const [, node] of sorted(directory.entries)) {
    yield node;
    if (node.kind === "directory") yield* nodesBelow(node);
  }
}

export function sorted(entries: ReadonlyMap<string, Node>): [string, Node][] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}

function newDirectory(ino: number, mtimeMs: number): DirectoryNode {
  return { kind: "directory", ino, mtimeMs, entries: new Map(), safeEntries: new Map() };
}

function applyChange({ node, vacates, fills }: EntryChange, of: (directory: DirectoryNode) => Map<string, Node>): void {
  if (vacates) of(vacates.directory).delete(vacates.name);
  if (fills) of(fills.directory).set(fills.name, node);
}

/** The names of one node change in their order, and a name is taken again only after it was given up. */
function mustComeAfter(change: EntryChange, earlier: EntryChange): boolean {
  return earlier.node === change.node || isSamePlace(earlier.vacates, change.fills);
}

function sharesPlace(one: EntryChange, other: EntryChange): boolean {
  const places = [other.vacates, other.fills];
  return places.some((place) => isSamePlace(one.vacates, place) || isSamePlace(one.fills, place));
}

function isSamePlace(one: Place | undefined, other: Place | undefined): boolean {
  return one !== undefined && one.directory === other?.directory && one.name === other.name;
}

function settleDirectory(directory: DirectoryNode): void {
  directory.entries.clear();
  for (const [name, node] of directory.safeEntries) {
    directory.entries.set(name, node);
    if (node.kind === "directory") settleDirectory(node);
  }
}

type Fate = "kept" | "lost" | "nul" | "mixed";

/** Draws what of a file's unsafe data is on the disk, and how long the file is. */
function settleFile(file: FileNode, random: Random): void {
  const fate: Fate = file.unsafe.length === 0 ? "kept" : pick(random, ["kept", "lost", "nul", "mixed"] as const);
  if (fate !== "kept") {
    for (const { from, to } of file.unsafe) {
      const kept = fate !== "mixed" ? from : pick(random, [to, from, lengthFrom(random, from, to)] as const);
      file.room.fill(0, kept, to);
    }
    if (fate === "lost") file.sizeBytes = file.safeBytes;
    const cut = lengthFrom(random, file.safeBytes, file.sizeBytes);
    const write = file.unsafe[Math.floor(random() * file.unsafe.length)];
    const betweenWrites = Math.max(file.safeBytes, write?.from ?? 0);
    if (fate === "mixed") file.sizeBytes = pick(random, [file.sizeBytes, cut, betweenWrites] as const);
  }
  file.unsafe = [];
  file.safeBytes = file.sizeBytes;
}
