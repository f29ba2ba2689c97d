/** Everything that takes time: its progress in the top bar, on a page, and live. */
export { EarlierJobs, JobState } from "./EarlierJobs";
export { JobLink } from "./JobLink";
export { JobPanel, problemOf } from "./JobPanel";
export { JobsIndicator } from "./JobsIndicator";
export { ProgressLine } from "./ProgressLine";
export { isActive, refreshAfterJob, standing, timeLeft, useCancel, useHistory, useJob, useRetry } from "./useJob";
export { fold, type History, NOTHING_YET } from "./history";
