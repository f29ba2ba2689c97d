/** The library: datasets, their records, files and labels. */
export { ChooseRecordPage } from "./ChooseRecordPage";
export { DatasetPage } from "./DatasetPage";
export { LibraryPage } from "./LibraryPage";
export { QuarantinePage } from "./quarantine/QuarantinePage";
