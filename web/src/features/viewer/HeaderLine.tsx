/** Whose ECG this is, which one of how many, and the way to its neighbours. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RecordDetail } from "@/api";
import { Explain, Facts, Mark, SimulatedTag, StateTag, fmt } from "@/ui";
import { GRADES } from "./QualityPanel";
import { RELATIVE_EXPLAINED, amplitudeText, classesOf, qualityOf, subjectText } from "./words";
import css from "./viewer.module.css";

interface HeaderLineProps {
  record: RecordDetail;
  onGo: (item: number) => void;
  onDoubts: () => void;
  /** At the right end. */
  children: ReactNode;
}

/** The paper needs the room: of many labels the first few stand here, all of them in the details. */
const MOST_LABELS = 3;
const shownOf = (n: number): number => (n <= MOST_LABELS + 1 ? n : MOST_LABELS);

export function HeaderLine({ record, onGo, onDoubts, children }: HeaderLineProps) {
  const { source, amplitude } = record;
  const { doubts } = source;
  const quality = qualityOf(record);
  const classes = [...classesOf(record)];
  return (
    <header className={css["header"]}>
      <Neighbour item={record.previous} what="Previous ECG (←)" testId="viewer-previous" onGo={onGo} />
      <Neighbour item={record.next} what="Next ECG (→)" testId="viewer-next" onGo={onGo} />
      <h1 className={css["name"]} data-testid="viewer-name">
        {record.file_name}
      </h1>
      {source.simulated && <SimulatedTag />}
      <span className={css["facts"]}>
        <Facts
          items={[
            subjectText(record.subject),
            fmt.rate(record.rate),
            `${fmt.plain(record.duration, 1)} s`,
            amplitude === "mV" ? amplitudeText(amplitude) : <Explain text={RELATIVE_EXPLAINED}>{amplitudeText(amplitude)}</Explain>,
            <Link to="/library/$dataset" params={{ dataset: record.dataset }} className={css["link"]}>
              {record.dataset}
            </Link>,
            record.same_as !== null && record.same_as !== undefined && (
              <Link to="/viewer/$item" params={{ item: String(record.same_as) }} className={css["link"]} title={record.same_as_name ?? undefined} data-testid="viewer-same">
                the same ECG is in another file
              </Link>
            ),
            <span data-testid="viewer-position">
              {fmt.count(record.position)} of {fmt.count(record.total)}
            </span>,
          ]}
        />
      </span>
      <span className={css["labels"]} data-testid="viewer-header-labels">
        {classes.slice(0, shownOf(classes.length)).map(([name, tasks]) => (
          <Mark key={name} title={`Label of ${tasks.join(", ")}`}>
            {name}
          </Mark>
        ))}
        {classes.length > shownOf(classes.length) && (
          <button type="button" className={css["more"]} onClick={onDoubts} title={classes.slice(shownOf(classes.length)).map(([name]) => name).join("\n")} data-testid="viewer-more-labels">
            and {fmt.count(classes.length - shownOf(classes.length))} more
          </button>
        )}
      </span>
      {quality !== null && quality.grade !== "good" && (
        <button type="button" className={css["bare"]} onClick={onDoubts} title={quality.reason} data-testid="viewer-grade">
          <StateTag state={GRADES[quality.grade] ?? "neutral"} word={`${quality.grade} signal`} />
        </button>
      )}
      {doubts.length > 0 && (
        <button type="button" className={css["bare"]} onClick={onDoubts} data-testid="viewer-doubts">
          <StateTag state="doubt" word={fmt.plural(doubts.length, "doubt")} />
        </button>
      )}
      <span className={css["right"]}>{children}</span>
    </header>
  );
}

interface NeighbourProps {
  item: number | null;
  what: string;
  testId: string;
  onGo: (item: number) => void;
}

function Neighbour({ item, what, testId, onGo }: NeighbourProps) {
  const Icon = testId === "viewer-previous" ? IconChevronLeft : IconChevronRight;
  return (
    <Tooltip label={what}>
      <ActionIcon variant="default" size={32} aria-label={what} data-testid={testId} disabled={item === null} onClick={() => item !== null && onGo(item)}>
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
