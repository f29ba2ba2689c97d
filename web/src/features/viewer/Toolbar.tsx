/** Everything that changes how the tracing is drawn. */
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { IconArrowsHorizontal, IconLayoutSidebarRight, IconMinus, IconPlus, IconPrinter, IconRuler2 } from "@tabler/icons-react";
import { GAINS, LAYOUTS, type LayoutId, type LeadOrder, SPEEDS, layoutOf, stepZoom } from "@/plot";
import type { ReactNode } from "react";
import type { RecordDetail } from "@/api";
import { Choice, Items } from "./Choice";
import { FILTERS, type FilterId, type PaperColour, type ViewerSettings, filterOf } from "./settings";
import css from "./viewer.module.css";

interface ToolbarProps {
  record: RecordDetail;
  settings: ViewerSettings;
  measuring: boolean;
  panelOpen: boolean;
  onSettings: (settings: ViewerSettings) => void;
  onMeasuring: (measuring: boolean) => void;
  onFit: () => void;
  onPrint: () => void;
  onScreenSize: () => void;
  /** Marks on the paper; null where none can be. */
  marks: ReactNode;
  /** What is shown on paper, with its speed, gain, layout ...; null: another view, whose buttons come to `place`. */
  paper: "recorded" | "aligned" | null;
  place: (element: HTMLElement | null) => void;
}

const COLOURS: readonly { value: PaperColour; title: string; explanation?: string }[] = [
  { value: "auto", title: "as the pages", explanation: "Pink in the light scheme, dark in the dark one" },
  { value: "pink", title: "pink" },
  { value: "neutral", title: "grey on white" },
  { value: "dark", title: "dark" },
];

export function Toolbar({ record, settings, measuring, panelOpen, marks, paper, place, ...on }: ToolbarProps) {
  const change = (part: Partial<ViewerSettings>) => on.onSettings({ ...settings, ...part });
  const { amplitude } = record;
  const gainTitle = (gain: number) => (amplitude === "mV" ? `${gain} mm/mV` : `${gain} mm/unit`);
  return (
    <div className={css["toolbar"]} role="toolbar" aria-label="How the ECG is shown">
      {paper === null && <div ref={place} className={css["place"]} />}
      {paper !== null && (
        <>
      <Choice
        label="Paper speed (S)" shown={`${settings.speed} mm/s`} value={settings.speed} testId="viewer-speed"
        choices={SPEEDS.map((value) => ({ value, title: `${value} mm/s` }))} onChoose={(speed) => change({ speed })}
      />
      <Choice
        label={amplitude === "mV" ? "Gain (G)" : "Gain (G), in mm per unit of the relative amplitude"}
        shown={gainTitle(settings.gain[amplitude])} value={settings.gain[amplitude]} testId="viewer-gain"
        choices={GAINS[amplitude].map((value) => ({ value, title: gainTitle(value) }))}
        onChoose={(gain) => change({ gain: { ...settings.gain, [amplitude]: gain } })}
      />
      {paper === "recorded" && <Choice<FilterId>
        label="Filter (F)" shown={filterOf(settings.filter).title} value={settings.filter} testId="viewer-filter"
        choices={FILTERS.map(({ id, title, explanation }) => ({ value: id, title, explanation }))}
        onChoose={(filter) => change({ filter })}
      />}
      <LayoutChoice record={record} settings={settings} change={change} />
      <div className={css["zoom"]} role="group" aria-label="Zoom">
        <Tooltip label="Smaller (-)">
          <ActionIcon size={30} variant="default" aria-label="Smaller" data-testid="viewer-zoom-out" onClick={() => change({ zoom: stepZoom(settings.zoom, -1) })}>
            <IconMinus size={14} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="True size: 1 mm is 1 mm (0)">
          <Button variant="default" size="xs" className={css["percent"]} data-testid="viewer-zoom" onClick={() => change({ zoom: 1 })}>
            {Math.round(settings.zoom * 100)} %
          </Button>
        </Tooltip>
        <Tooltip label="Larger (+)">
          <ActionIcon size={30} variant="default" aria-label="Larger" data-testid="viewer-zoom-in" onClick={() => change({ zoom: stepZoom(settings.zoom, 1) })}>
            <IconPlus size={14} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Ten seconds over the whole width (W)">
          <ActionIcon size={30} variant="default" aria-label="Fit the width" data-testid="viewer-zoom-fit" onClick={on.onFit}>
            <IconArrowsHorizontal size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      {paper === "recorded" && <Tooltip label="Measure by dragging on the paper (C); Esc clears">
        <Button
          size="xs" variant={measuring ? "filled" : "default"} aria-pressed={measuring} data-testid="viewer-caliper"
          leftSection={<IconRuler2 size={16} aria-hidden />} onClick={() => on.onMeasuring(!measuring)}
        >
          Caliper
        </Button>
      </Tooltip>}
          {marks}
        </>
      )}
      <div className={css["right"]}>
        <Choice<PaperColour>
          label="Paper" shown="Paper" value={settings.colour} testId="viewer-colour" choices={COLOURS} onChoose={(colour) => change({ colour })}
        >
          <Menu.Divider />
          <Menu.Item onClick={() => change({ snapping: !settings.snapping })} data-testid="viewer-snapping">
            {settings.snapping ? "Caliper: do not snap to the trace" : "Caliper: snap to the trace"}
          </Menu.Item>
          <Menu.Item onClick={on.onScreenSize} data-testid="viewer-screen-size">
            Size of a millimetre on this screen …
          </Menu.Item>
        </Choice>
        <Tooltip label="Print on A4, one millimetre as one millimetre (P)">
          <ActionIcon size={30} variant="default" aria-label="Print" data-testid="viewer-print" onClick={on.onPrint}>
            <IconPrinter size={16} />
          </ActionIcon>
        </Tooltip>
        <Button
          size="xs" variant="default" aria-pressed={panelOpen} data-testid="viewer-panel-toggle" title="Measurements, labels, prediction and passport (D)"
          leftSection={<IconLayoutSidebarRight size={16} aria-hidden />} onClick={() => change({ panel: !panelOpen })}
        >
          {panelOpen ? "Hide details" : "Details"}
        </Button>
      </div>
    </div>
  );
}

interface LayoutChoiceProps {
  record: RecordDetail;
  settings: ViewerSettings;
  change: (part: Partial<ViewerSettings>) => void;
}

function LayoutChoice({ record, settings, change }: LayoutChoiceProps) {
  const layout = layoutOf(settings.layout);
  const rhythm = record.leads.includes(settings.rhythmLead) ? settings.rhythmLead : (record.leads[0] ?? settings.rhythmLead);
  const shown = layout.rhythm ? `${layout.title} ${rhythm}` : layout.title;
  return (
    <Choice<LayoutId>
      label="Layout (L)" shown={settings.order === "cabrera" ? `${shown}, Cabrera` : shown} value={settings.layout} testId="viewer-layout"
      choices={LAYOUTS.map(({ id, title, explanation }) => ({ value: id, title, explanation }))} onChoose={(id) => change({ layout: id })}
    >
      <Menu.Divider />
      <Menu.Label>Order of the limb leads</Menu.Label>
      <Items<LeadOrder>
        value={settings.order} testId="viewer-order" onChoose={(order) => change({ order })}
        choices={[
          { value: "standard", title: "I II III aVR aVL aVF" },
          { value: "cabrera", title: "Cabrera: aVL I \u2212aVR II aVF III" },
        ]}
      />
      {layout.rhythm && (
        <>
          <Menu.Divider />
          <Menu.Label>Rhythm strip</Menu.Label>
          <div className={css["leads"]}>
            {record.leads.map((lead) => (
              <Menu.Item key={lead} className={css["lead"]} aria-current={lead === rhythm} onClick={() => change({ rhythmLead: lead })}>
                {lead}
              </Menu.Item>
            ))}
          </div>
        </>
      )}
    </Choice>
  );
}
