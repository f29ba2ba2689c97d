import type { MeasuredRecord, Measurement } from "@/api";

/** Nine times of a beat whose R is at `r`, s. */
export const usual = (r: number): (number | null)[] => [-0.2, -0.16, -0.1, -0.04, 0, 0.05, 0.2, 0.28, 0.36].map((away) => Math.round((r + away) * 1000) / 1000);

export function measurement(changes: Partial<Measurement>): Measurement {
  return { name: "pr", title: "PR interval", unit: "ms", state: "measured", value: 160, lead: null, spread: 4, beats: [0, 1], method: "From the onset of P to the onset of QRS.", reason: "", ...changes };
}

const R = [1, 2, 3];

/** Three beats at 1, 2 and 3 s in two leads; the second is ectopic and has no P. */
export const RECORD: MeasuredRecord = {
  item: 7, method: "einthoven", methods: ["einthoven"], leads: ["I", "II"], amplitude: "mV", duration: 4, obstacle: null, reason: "",
  channels: ["global", "I", "II"],
  fiducials: ["p_on", "p_peak", "p_off", "qrs_on", "qrs_peak", "qrs_off", "t_on", "t_peak", "t_off"],
  r_peaks: R, kinds: ["normal", "ectopic", "normal"], spikes: [],
  times: [0, 1, 2].map(() => R.map((r, beat) => usual(r).map((time, mark) => (beat === 1 && mark < 3 ? null : time)))),
  absent: {}, left_out: {}, notes: {},
  corrected: [{ channel: "global", beat: 2, fiducial: "t_off" }],
  corrections: [{ id: 5, channel: "global", r_peak: 3, fiducial: "t_off", time: 3.36, who: "Ada", made: "2026-11-22T18:07:00+00:00" }],
  measurements: [
    measurement({ name: "heart_rate", title: "Heart rate", unit: "/min", value: 60, beats: [0, 1, 2] }),
    measurement({}),
    measurement({ name: "p_duration", title: "P duration", state: "absent", value: null, spread: null, beats: [], reason: "no P wave in any beat" }),
    measurement({ name: "st_j", title: "ST level at J", unit: "mV", value: -0.004, spread: 0.01, lead: "I", beats: [0, 2] }),
    measurement({ name: "st_j", title: "ST level at J", unit: "mV", state: "not measurable", value: null, spread: null, lead: "II", beats: [], reason: "II is flat" }),
  ],
}; // prettier-ignore
