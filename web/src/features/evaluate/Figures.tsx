import { useQuery } from "@tanstack/react-query";
import { IconAlertTriangle } from "@tabler/icons-react";
import { api, type Evaluation, unwrap } from "@/api";
import { fmt, Stat, Stats } from "@/ui";
import { NUMBERS, REGRESSION_NUMBERS, shareInWords } from "./matrix";
import css from "./evaluate.module.css";

/** One plain sentence per number. */
export function useExplanations(): Readonly<Record<string, string>> {
  const { data } = useQuery({
    queryKey: ["metric-explanations"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/metric-explanations", { signal })),
    staleTime: Infinity,
  });
  return data ?? {};
}

/** The numbers that stand for the whole; what cannot be estimated says why. */
export function Figures({ evaluation, unit }: { evaluation: Evaluation; unit: string }) {
  const explanations = useExplanations();
  const reasons = evaluation.reasons ?? {};
  const regression = evaluation.regression ?? null;
  return (
    <div data-testid="figures">
      <Stats>
        {regression !== null
          ? REGRESSION_NUMBERS.map(({ key, title, inUnit }) => (
              <Figure
                key={key}
                name={key}
                title={title}
                explain={explanations[key]}
                value={regression[key] ?? null}
                format={(value) => fmt.fixed(value, 2)}
                unit={inUnit ? unit : ""}
                reason={reasons[key]}
              />
            ))
          : NUMBERS.map(({ key, title }) => (
              <Figure
                key={key}
                name={key}
                title={title}
                explain={explanations[key]}
                value={evaluation[key]}
                format={shareInWords}
                unit=""
                reason={reasons[key]}
              />
            ))}
        <Stat label="ECGs" value={fmt.count(evaluation.n)} explain={explanations["n"]} testId="figure-n" />
      </Stats>
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly title: string;
  readonly explain: string | undefined;
  readonly value: number | null;
  readonly format: (value: number) => string;
  readonly unit: string;
  readonly reason: string | undefined;
}

function Figure({ name, title, explain, value, format, unit, reason }: FigureProps) {
  if (value === null) {
    const why = reason === undefined ? "The data do not allow it." : reason;
    return <Stat label={title} value="–" note={`Cannot be estimated: ${why}`} explain={explain} testId={`figure-${name}`} />;
  }
  return <Stat label={title} value={format(value)} unit={unit === "" ? undefined : unit} explain={explain} testId={`figure-${name}`} />;
}

const IN_SIGHT = 4;

/** What must be known before a number is believed: the first few in sight, the others a click away. */
export function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  const folded = warnings.length > IN_SIGHT + 1 ? warnings.slice(IN_SIGHT) : [];
  return (
    <div className={css.warnings} data-testid="warnings">
      <WarningList warnings={warnings.slice(0, warnings.length - folded.length)} />
      {folded.length > 0 && (
        <details>
          <summary>{folded.length} more warnings</summary>
          <WarningList warnings={folded} />
        </details>
      )}
    </div>
  );
}

function WarningList({ warnings }: { warnings: readonly string[] }) {
  return (
    <ul aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <IconAlertTriangle size={18} aria-hidden />
          <span>
            <span className="ein-sr">Warning: </span>
            {warning}
          </span>
        </li>
      ))}
    </ul>
  );
}
