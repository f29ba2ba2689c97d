/** Which records of a dataset are shown, as the page knows it and as the server is asked. */
import type { Sort } from "@/ui";

export interface Filter {
  search: string;
  /** A class of the shown task; "" means "has no label"; null all. */
  label: string | null;
  sex: "F" | "M" | null;
  ageFrom: number | null;
  ageTo: number | null;
  folds: number[];
  onlyDoubts: boolean;
}

export const NO_FILTER: Filter = { search: "", label: null, sex: null, ageFrom: null, ageTo: null, folds: [], onlyDoubts: false };

export interface RecordQuery {
  search?: string;
  task?: string;
  label?: string;
  folds?: number[];
  sex?: "F" | "M";
  age_from?: number;
  age_to?: number;
  only_doubts?: boolean;
  sort?: string;
  descending?: boolean;
}

/** The server's query: only what limits, so that equal questions have equal addresses. */
export function recordQuery(filter: Filter, task: string | null, sort: Sort): RecordQuery {
  const query: RecordQuery = {};
  if (filter.search.trim() !== "") query.search = filter.search.trim();
  if (filter.label !== null && task !== null) {
    query.task = task;
    query.label = filter.label;
  }
  if (filter.folds.length > 0) query.folds = [...filter.folds].sort((a, b) => a - b);
  if (filter.sex !== null) query.sex = filter.sex;
  if (filter.ageFrom !== null) query.age_from = filter.ageFrom;
  if (filter.ageTo !== null) query.age_to = filter.ageTo;
  if (filter.onlyDoubts) query.only_doubts = true;
  if (sort.column !== "file_name") query.sort = sort.column;
  if (sort.descending) query.descending = true;
  return query;
}

/** True when something limits what is shown. */
export function isFiltered(filter: Filter): boolean {
  return Object.keys(recordQuery(filter, "task", { column: "file_name", descending: false })).length > 0;
}
