/** Below the paper while correcting: the times of one beat as sliders that arrow keys move by a sample. */
import { ActionIcon, Button, Select, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconChevronLeft, IconChevronRight, IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useMemo, useState, type KeyboardEvent } from "react";
import type { MeasuredRecord } from "@/api";
import { fmt, ProblemView } from "@/ui";
import { WhoDialog } from "./WhoDialog";
import { correctionAt } from "./marks";
import type { CorrectingState } from "./useCorrecting";
import { GLOBAL, PARTS, WAVES, type Wave, beatWords, channelWords, markIndex, markWords } from "./words";
import css from "./beats.module.css";

interface CorrectionBarProps {
  record: MeasuredRecord;
  rate: number;
  state: CorrectingState;
  onChannel: (channel: string) => void;
  onDone: () => void;
}

const FAST = 5;

export function CorrectionBar({ record, rate, state, onChannel, onDone }: CorrectionBarProps) {
  const { held } = state;
  const [renames, setRenames] = useState(false);
  const step = (direction: 1 | -1) => {
    const beat = held.beat + direction;
    if (beat >= 0 && beat < record.r_peaks.length) state.hold({ beat });
  };
  const { undo } = state;
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !(event.target instanceof HTMLInputElement)) {
        event.preventDefault();
        undo();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [undo]);
  const channels = useMemo(
    () => record.channels.filter((channel) => record.left_out?.[channel] === undefined).map((channel) => ({ value: channel, label: channel === GLOBAL ? "All leads together" : `Lead ${channel}` })),
    [record],
  );
  return (
    <section className={css["correcting"]} aria-label="Correct by hand" data-testid="correction-bar">
      <div className={css["bar"]}>
        <Select
          size="xs" w={168} aria-label="Which marks" data={channels} value={held.channel} allowDeselect={false} data-testid="correct-channel"
          onChange={(channel) => {
            if (channel === null) return;
            state.hold({ channel });
            onChannel(channel);
          }}
        />
        <div className={css["beatStep"]} role="group" aria-label="Beat">
          <ActionIcon size={30} variant="default" aria-label="Previous beat" disabled={held.beat === 0} onClick={() => step(-1)} data-testid="correct-previous">
            <IconChevronLeft size={16} />
          </ActionIcon>
          <span className={css["beatName"]} aria-live="polite" data-testid="correct-beat">
            {beatWords(record, held.beat)} <span className="ein-quiet">of {fmt.count(record.r_peaks.length)}</span>
          </span>
          <ActionIcon size={30} variant="default" aria-label="Next beat" disabled={held.beat >= record.r_peaks.length - 1} onClick={() => step(1)} data-testid="correct-next">
            <IconChevronRight size={16} />
          </ActionIcon>
        </div>
        <div className={css["atEnd"]}>
          <Tooltip label="Your corrections are kept under this name, on this installation only. Click to change it.">
            <Button
              size="xs" variant="subtle" aria-label={state.who === "" ? "Say who corrects" : `Corrections are kept as ${state.who}: change the name`}
              onClick={() => setRenames(true)} data-testid="correct-who"
            >
              {state.who === "" ? "Who corrects?" : `As ${state.who}`}
            </Button>
          </Tooltip>
          <Tooltip label={state.canUndo === null ? "Nothing to undo" : `${state.canUndo} (Ctrl Z)`}>
            <Button
              size="xs" variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} data-disabled={state.canUndo === null || undefined}
              aria-disabled={state.canUndo === null} onClick={state.undo} loading={state.busy} data-testid="correct-undo"
            >
              Undo
            </Button>
          </Tooltip>
          <Button size="xs" onClick={onDone} data-testid="correct-done">
            Done
          </Button>
        </div>
      </div>
      <div className={css["waves"]}>
        {WAVES.map((wave) => (
          <WaveTimes key={wave} wave={wave} record={record} rate={rate} state={state} />
        ))}
        <p className={css["hint"]}>
          Drag a mark on the paper, or choose one here: ← → move it by a sample, with Shift by five; Delete takes it away.
        </p>
      </div>
      {state.error !== null && (
        <div className={css["problemLine"]} data-testid="correct-problem">
          <ProblemView error={state.error} compact />
        </div>
      )}
      {state.askWho && <WhoDialog onAnswer={state.answerWho} />}
      {renames && (
        <WhoDialog
          change
          known={state.who}
          onAnswer={(who) => {
            setRenames(false);
            if (who !== null && who !== state.who) state.rename(who);
          }}
        />
      )}
    </section>
  );
}

interface WaveTimesProps {
  wave: Wave;
  record: MeasuredRecord;
  rate: number;
  state: CorrectingState;
}

function WaveTimes({ wave, record, rate, state }: WaveTimesProps) {
  const { held } = state;
  const times = record.times[record.channels.indexOf(held.channel)]?.[held.beat] ?? [];
  const marks = PARTS.map((part) => markIndex(wave, part));
  const there = marks.filter((mark) => typeof times[mark] === "number").length;
  return (
    <div className={css["wave"]} role="group" aria-label={`${wave} wave`} data-wave={wave}>
      <span className={css["waveName"]}>{wave}</span>
      {there === 0 ? (
        <NotThere record={record} state={state} mark={marks[0]!} />
      ) : (
        marks.map((mark) => <MarkSlider key={mark} mark={mark} time={times[mark] ?? null} record={record} rate={rate} state={state} />)
      )}
      {there > 0 && (
        <Tooltip label={`${wave} is not there in this beat (${channelWords(held.channel)})`} position="bottom">
          <ActionIcon size={28} variant="subtle" aria-label={`Take ${wave} away`} onClick={() => state.removeWave(wave)} data-testid={`correct-remove-${wave}`}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {there < marks.length && (
        <Button size="compact-xs" variant="default" leftSection={<IconPlus size={12} aria-hidden />} onClick={() => state.addWave(wave)} data-testid={`correct-add-${wave}`}>
          {there === 0 ? `Add ${wave}` : "Add the rest"}
        </Button>
      )}
    </div>
  );
}

function NotThere({ record, state, mark }: { record: MeasuredRecord; state: CorrectingState; mark: number }) {
  const by = correctionAt(record, { channel: state.held.channel, beat: state.held.beat, mark });
  if (by === null) return <span className={css["notThere"]}>not there</span>;
  return (
    <Tooltip label={`Taken away by ${by.who || "someone without a name"} on ${fmt.when(by.made)}`}>
      <span className={css["notThere"]} tabIndex={0}>
        not there <span className={css["byHand"]}>◆</span>
      </span>
    </Tooltip>
  );
}

interface MarkSliderProps {
  mark: number;
  time: number | null;
  record: MeasuredRecord;
  rate: number;
  state: CorrectingState;
}

function MarkSlider({ mark, time, record, rate, state }: MarkSliderProps) {
  const { held } = state;
  if (time === null) return null;
  const isHeld = held.mark === mark;
  const shown = isHeld && held.draft !== null ? held.draft : time;
  const by = correctionAt(record, { channel: held.channel, beat: held.beat, mark });
  const press = (event: KeyboardEvent) => {
    const steps = event.key === "ArrowLeft" || event.key === "ArrowDown" ? -1 : event.key === "ArrowRight" || event.key === "ArrowUp" ? 1 : 0;
    if (steps !== 0) {
      // Counted in whole samples, so that a hundred steps are a hundred samples.
      const sample = Math.round(shown * rate) + steps * (event.shiftKey ? FAST : 1);
      state.nudge(sample / rate);
    } else if (event.key === "Enter" || event.key === " ") state.settle();
    else if (event.key === "Escape" && held.draft !== null) state.letGo();
    else if (event.key === "Delete" || event.key === "Backspace")
      state.change(`Take ${markWords(mark)} away`, [{ place: { channel: held.channel, beat: held.beat, mark }, time: null }]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const words = by === null ? undefined : `Set by ${by.who || "someone without a name"} on ${fmt.when(by.made)}`;
  const slider = (
    <div
      role="slider" tabIndex={0} className={css["mark"]} aria-label={markWords(mark)} aria-valuemin={0} aria-valuemax={record.duration} aria-valuenow={shown}
      aria-valuetext={`${fmt.fixed(shown, 3)} s${words === undefined ? "" : `. ${words}`}`} data-held={isHeld} data-corrected={by !== null} data-testid={`mark-${record.fiducials[mark]}`}
      onFocus={() => {
        if (!isHeld) state.hold({ mark });
      }}
      onBlur={() => state.settle()}
      onKeyDown={press}
    >
      <span className={css["markPart"]}>{markWords(mark).split(" ")[1]}</span>
      <span className={css["markTime"]}>
        {fmt.fixed(shown, 3)}
        {by !== null && <span aria-hidden> ◆</span>}
      </span>
    </div>
  );
  return words === undefined ? slider : <Tooltip label={words} position="bottom">{slider}</Tooltip>;
}
