import { useQuery } from "@tanstack/react-query";
import { api, type Evaluation, unwrap } from "@/api";
import { fmt, Stat, Stats } from "@/ui";
import { NUMBERS, REGRESSION_NUMBERS, shareInWords } from "./matrix";

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
