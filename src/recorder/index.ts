// The library `tracekeeper/recorder`.

export { HttpExporter, type HttpExporterOptions } from "./httpExporter";
export type * from "./traceTypes";
