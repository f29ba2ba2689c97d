/** The design language. No domain words here: pages bring those. */
export { Bars, type Bar } from "./Bars";
export { classColour, classColours, PALETTE } from "./classColours";
export { saveBlob, saveText, toCsv, type CsvCell } from "./csv";
export { DataTable, type DataColumn, type Sort } from "./DataTable";
export { Explain, Hint } from "./Explain";
export { FormEnd, FormGrid } from "./Form";
export { fmt, NONE } from "./format";
export { Histogram, type Bin } from "./Histogram";
export { isTyping, KeyHelp, KeysProvider, useShowKeys, type KeyLine } from "./keys";
export { Definitions, Facts, Grid, Page, Panel } from "./Layout";
export { LinkButton } from "./LinkButton";
export { LongName } from "./LongName";
export { SideDrawer } from "./SideDrawer";
export { Stat, Stats } from "./Stat";
export { EmptyState, ProblemView, Query, storedProblem, useDelayed, Waiting } from "./States";
export { ClassMark, Mark, RESEARCH_NOTICE, ResearchNotice, SimulatedTag, StateTag, type State } from "./Tags";
export { theme, WEIGHT } from "./theme";
export { Warnings } from "./Warnings";
