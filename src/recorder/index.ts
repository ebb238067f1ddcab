// The library `tracekeeper/recorder`.

export type { EventPart, LinkPart, SpanEnd, SpanPart, SpanStart } from "./customSpans";
export { FileExporter, type FileExporterOptions } from "./fileExporter";
export type { StepFinishPart } from "./generationLog";
export { HttpExporter, type HttpExporterOptions } from "./httpExporter";
export type { AttributeTarget } from "./sessionLog";
export type { StartMetadata } from "./sessionMetadata";
export type { SessionHealth } from "./sessionRecorder";
export type { RecorderProblem } from "./sessionRequest";
export type { ToolCallEnd, ToolCallPart, ToolCallStart } from "./toolLog";
export { Recap, Trace, Tracer } from "./trace";
export type { ListedTrace, TracePage } from "./traceDirectory";
export type * from "./traceTypes";
