import { UnstyledButton } from "@mantine/core";
import type { DatasetSummary, TaskInfo } from "@/api";
import { Bars, classColours, Explain, fmt, Histogram, PALETTE, StateTag } from "@/ui";
import css from "./library.module.css";
import { formatWord } from "./words";

const MOST_CLASSES = 12;
const MOST_DOUBTS = 3;

/** Records per class of a task; a click filters the table. */
export function Classes({ task, picked, onPick }: { task: TaskInfo; picked: string | null; onPick: (name: string) => void }) {
  const names = task.classes.map((one) => one.name);
  const colours = classColours(names);
  const leftOut = Object.entries(task.left_out);
  const rows = task.classes
    .map((one) => ({ name: one.name, title: one.title ? `${one.name}: ${one.title}` : one.name, value: task.counts[one.name] ?? 0, colour: colours.get(one.name) }))
    .sort((a, b) => b.value - a.value);
  return (
    <>
      {task.kind === "regression" ? (
        <div>
          {fmt.plural(task.n, "ECG")} with a value{task.unit ? ` in ${task.unit}` : ""}.
        </div>
      ) : (
        <Bars label={`ECGs per class of ${task.title || task.name}`} rows={rows.slice(0, MOST_CLASSES)} onPick={onPick} picked={picked} />
      )}
      {rows.length > MOST_CLASSES && <div className={css["panelFoot"]}>and {fmt.count(rows.length - MOST_CLASSES)} rarer classes: choose them in the filter below</div>}
      <div className={css["panelFoot"]}>
        {fmt.count(task.n)} with a label
        {task.n_without > 0 && (
          <>
            {", "}
            <Explain text={leftOut.length > 0 ? leftOut.map(([reason, n]) => `${reason}: ${fmt.count(n)}`).join("; ") : "These ECGs take no part in training and evaluation of this task."}>
              {fmt.count(task.n_without)} without
            </Explain>
          </>
        )}
      </div>
    </>
  );
}

const SEXES = [
  { name: "women", colour: PALETTE[5] },
  { name: "men", colour: PALETTE[1] },
  { name: "not stated", colour: PALETTE[7] },
];

export function Ages({ summary }: { summary: DatasetSummary }) {
  const { ages, n_without_age: without } = summary;
  if (ages.length === 0) {
    const known = Object.entries(summary.sexes).filter(([name, n]) => n > 0 && (name === "F" || name === "M"));
    if (known.length === 0) return <div className="ein-quiet">The files state neither age nor sex.</div>;
    return (
      <>
        <div className="ein-quiet">The files state no age.</div>
        <Bars label="Sex" rows={known.map(([name, value]) => ({ name: SEX_WORDS[name] ?? name, value }))} />
      </>
    );
  }
  const unknown = ages.some((bin) => bin.unknown > 0);
  return (
    <>
      <Histogram
        label="Age and sex"
        axis="years"
        bins={ages.map((bin) => ({ label: String(bin.start), parts: unknown ? [bin.female, bin.male, bin.unknown] : [bin.female, bin.male] }))}
        series={unknown ? SEXES : SEXES.slice(0, 2)}
      />
      {without > 0 && <div className={css["panelFoot"]}>{fmt.plural(without, "ECG")} without an age</div>}
    </>
  );
}

export const SEX_WORDS: Record<string, string> = { F: "women", M: "men", "": "not stated", unknown: "not stated" };

/** Doubts first; then formats, rates, lengths where there is more than one. */
export function Files({ summary, onlyDoubts, onDoubts }: { summary: DatasetSummary; onlyDoubts: boolean; onDoubts: () => void }) {
  const { dataset, n_doubts: doubts } = summary;
  const clean = dataset.n_records - doubts;
  const kinds: { title: string; counts: Record<string, number> }[] = [
    { title: "Format", counts: Object.fromEntries(Object.entries(summary.formats).map(([name, n]) => [formatWord(name), n])) },
    { title: "Rate", counts: summary.rates },
    { title: "Length", counts: summary.durations },
    { title: "Amplitude", counts: summary.amplitudes },
    { title: "Signal", counts: summary.grades ?? {} },
  ];
  const folds = Object.keys(summary.folds).sort((a, b) => Number(a) - Number(b));
  return (
    <div className={css["stack"]} style={{ gap: 8 }}>
      <div className={css["row"]}>
        <StateTag state="good" word={`${fmt.count(clean)} without a doubt`} />
        {doubts > 0 && (
          <UnstyledButton onClick={onDoubts} aria-pressed={onlyDoubts} title="Show only these">
            <StateTag state="doubt" word={`${fmt.count(doubts)} in doubt`} />
          </UnstyledButton>
        )}
        {dataset.n_refused > 0 && <StateTag state="bad" word={`${fmt.count(dataset.n_refused)} not read`} />}
      </div>
      {Object.entries(summary.doubts)
        .sort((a, b) => b[1] - a[1])
        .slice(0, MOST_DOUBTS)
        .map(([doubt, n]) => (
          <div key={doubt} className={css["factRow"]}>
            <span className="ein-quiet">{fmt.plural(n, "ECG")}</span>
            <span>{doubt}</span>
          </div>
        ))}
      {folds.length > 1 && (
        <div className={css["factRow"]}>
          <span className="ein-quiet">Folds</span>
          <span>
            <Explain text={folds.map((fold) => `fold ${fold}: ${fmt.count(summary.folds[fold])}`).join("; ")}>{`${folds[0]} to ${folds[folds.length - 1]}`}</Explain>
          </span>
        </div>
      )}
      {kinds.map(({ title, counts }) => {
        const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
        if (entries.length === 0) return null;
        const shown = entries.slice(0, 3).map(([name, n]) => (entries.length === 1 ? name : `${name} (${fmt.count(n)})`));
        const all = entries.map(([name, n]) => `${name}: ${fmt.count(n)}`).join("; ");
        return (
          <div key={title} className={css["factRow"]}>
            <span className="ein-quiet">{title}</span>
            <span>{entries.length > 3 ? <Explain text={all}>{`${shown.join(", ")} and ${entries.length - 3} more`}</Explain> : shown.join(", ")}</span>
          </div>
        );
      })}
    </div>
  );
}
