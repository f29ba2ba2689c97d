/** Which seconds of a longer record are seen. */
import { Slider } from "@mantine/core";
import type { PaperWindow } from "@/plot";
import css from "./viewer.module.css";

interface ScrollLineProps {
  view: PaperWindow;
  onStart: (start: number) => void;
}

export function ScrollLine({ view, onStart }: ScrollLineProps) {
  const end = Math.min(view.duration, view.start + view.span);
  return (
    <div className={css["scroll"]}>
      <Slider
        className={css["scrollSlider"]} size="sm" label={null} min={0} max={Math.max(0.01, view.duration - view.span)} step={0.05} value={view.start}
        onChange={onStart} thumbLabel="First second shown" data-testid="viewer-scroll"
      />
      <span className={css["seconds"]} data-testid="viewer-window">
        {view.start.toFixed(1)}–{end.toFixed(1)} s of {view.duration.toFixed(1)} s
      </span>
    </div>
  );
}
