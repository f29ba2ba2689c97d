/** How files are to be imported, as values that a browser can keep. */
import type { ImportRequest } from "@/api";

export type ImportOptions = Omit<Partial<ImportRequest>, "dataset" | "paths" | "upload" | "refused">;
