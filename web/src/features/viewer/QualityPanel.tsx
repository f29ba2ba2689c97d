/** How good the signal is, overall and lead by lead: a mark and words, never a colour alone. */
import type { RecordDetail } from "@/api";
import { fmt, StateTag, type State } from "@/ui";
import { divided, qualityOf } from "./words";
import css from "./viewer.module.css";

export const GRADES: Readonly<Record<string, State>> = { good: "good", usable: "doubt", poor: "bad" };

export function QualityPanel({ record }: { record: RecordDetail }) {
  const quality = qualityOf(record);
  const { spikes } = divided(record.annotations);
  return (
    <div className={css["stack"]} data-testid="viewer-quality">
      {quality === null ? (
        <p className={css["line"]}>
          <span className="ein-quiet">Not judged: this ECG was imported before quality was looked at. Import its file again to have it judged.</span>
        </p>
      ) : (
        <>
          <p className={css["line"]}>
            <StateTag state={GRADES[quality.grade] ?? "neutral"} word={quality.grade} testId="quality-grade" /> {quality.reason}
          </p>
          <ul className={css["leadList"]} aria-label="Quality of each lead">
            {quality.leads.map(({ lead, findings }) => (
              <li key={lead} className={css["leadQuality"]}>
                <span className={css["leadName"]}>{lead}</span>
                {findings.length === 0 ? <StateTag plain state="good" word="clean" /> : <StateTag plain state="doubt" word={findings.join(", ")} />}
              </li>
            ))}
          </ul>
        </>
      )}
      {spikes.length > 0 && (
        <p className={css["line"]} data-testid="viewer-pacing">
          {fmt.plural(spikes.length, "pacing spike")} found before anything was resampled; each is a short stroke at the foot of every row.
        </p>
      )}
    </div>
  );
}
