/** What stands where content would stand: nothing yet, still loading, or failed. */
import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { ApiProblem, asProblem } from "@/api/problem";
import css from "./States.module.css";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** What to do next, in a sentence. */
  body?: ReactNode;
  /** The button that does it. */
  action?: ReactNode;
  testId?: string;
}

export function EmptyState({ icon, title, body, action, testId }: EmptyStateProps) {
  return (
    <div className={css["empty"]} data-testid={testId ?? "empty-state"}>
      {icon && (
        <div className={css["icon"]} aria-hidden>
          {icon}
        </div>
      )}
      <h2 className={css["title"]}>{title}</h2>
      {body && <div className={css["body"]}>{body}</div>}
      {action && <div className={css["action"]}>{action}</div>}
    </div>
  );
}

interface ProblemViewProps {
  error: unknown;
  onRetry?: () => void;
  /** In one line, inside forms. */
  compact?: boolean;
}

/** A problem that was stored (of a job), as an error to show. */
export function storedProblem(title: string, stored: { detail: string; advice?: string | null } | null | undefined): ApiProblem {
  return new ApiProblem({ kind: "Stored", title, detail: stored?.detail ?? "", advice: stored?.advice ?? "", status: 0, missing: [] });
}

/** What is wrong lies in what was asked about: asked again, the server answers the same. */
const SAME_AGAIN = 422;

/** An error as the server told it: what was wrong, what to do, and a way to try again. */
export function ProblemView({ error, onRetry, compact }: ProblemViewProps) {
  const problem = asProblem(error);
  return (
    <div className={compact ? css["problemCompact"] : css["problem"]} role="alert" data-testid="problem">
      <IconAlertTriangle size={20} className={css["problemIcon"]} aria-hidden />
      <div className={css["problemText"]}>
        <div className={css["problemTitle"]}>{problem.title}</div>
        {problem.detail && <div>{problem.detail}</div>}
        {problem.advice && <div className={css["advice"]}>{problem.advice}</div>}
        {onRetry && problem.status !== SAME_AGAIN && (
          <Button mt="sm" size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry} data-testid="retry">
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** True once `milliseconds` have gone by. */
export function useDelayed(milliseconds: number): boolean {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return due;
}

/** A skeleton, shown only when waiting takes longer than 150 ms. */
export function Waiting({ rows = 4, height }: { rows?: number; height?: number | string }) {
  const due = useDelayed(150);
  return (
    <div className={css["waiting"]} role="status" aria-busy="true" aria-label="Loading" style={{ minHeight: height }}>
      {due &&
        (height !== undefined ? (
          <Skeleton height={height} radius="md" />
        ) : (
          Array.from({ length: rows }, (_, row) => <Skeleton key={row} height={16} width={`${90 - ((row * 17) % 40)}%`} />)
        ))}
    </div>
  );
}

interface QueryProps<T> {
  query: UseQueryResult<T>;
  waiting?: ReactNode;
  children: (data: T) => ReactNode;
}

/** A query's content, its skeleton or its problem; old content stays while it is fetched anew. */
export function Query<T>({ query, waiting, children }: QueryProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  return <>{waiting ?? <Waiting />}</>;
}
