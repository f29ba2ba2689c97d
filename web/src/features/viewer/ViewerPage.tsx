/** One ECG on paper: the page that everything else leads to. */
import { Button, useComputedColorScheme } from "@mantine/core";
import { useLocalStorage, useViewportSize } from "@mantine/hooks";
import { IconHeartbeat } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import {
  CSS_PX_PER_MM, type Caliper, type PaletteName, type PaperOptions, type PaperWindow, ZOOMS, measure, measuredText, printSheet, stepZoom,
  storePxPerMm, storedPxPerMm, usualWidth,
} from "@/plot";
import type { MeasuredRecord } from "@/api";
import { useOpenedDataset } from "@/features/library/current";
import { EmptyState, KeyHelp, ProblemView, RESEARCH_NOTICE, Waiting, fmt } from "@/ui";
import { AlignedEcgView, BeatsView, CorrectingOnPaper, LitBeats, MarksOnPaper, MarksButtons, MedianBeatView, ViewSwitch, beatsQuery, blockOf, marksOverlay, nextMarks, useBeatSettings, viewOf } from "./beats";
import type { ViewId } from "./beats";
import { Doubt } from "./Doubt";
import { EcgPaper, type PaperHandle } from "./EcgPaper";
import { HeaderLine } from "./HeaderLine";
import { PrintSheet } from "./PrintSheet";
import { ScreenSize } from "./ScreenSize";
import { ScrollLine } from "./ScrollLine";
import { SidePanel } from "./SidePanel";
import { Toolbar } from "./Toolbar";
import { USUAL, type ViewerSettings, parseSettings } from "./settings";
import { KEYS, useViewerKeys } from "./useViewerKeys";
import { type Shown, useShown } from "./useShown";
import { divided, missingText, passportLines, settingsLine, subjectText } from "./words";
import css from "./viewer.module.css";

const route = getRouteApi("/viewer/$item");

/** From this width of the window on, ten seconds fit beside the open panel. */
const WIDE_PX = 1560;

const NONE: readonly string[] = [];

const PACING_LEGEND = "short strokes: pacing spikes";

export function ViewerPage() {
  const { item: text } = route.useParams();
  const item = Number(text);
  if (!Number.isInteger(item) || item < 0)
    return (
      <EmptyState
        icon={<IconHeartbeat size={40} />} title="There is no such ECG" body={`\u201c${text}\u201d is not the number of an ECG. Choose one in the library.`}
        action={<Button component={Link} to="/library">To the library</Button>}
      />
    );
  return <Viewer item={item} />;
}

/** Have the beats of an ECG found before they are shown. */
function useBeatsAhead(item: number | null | undefined, method: string, wanted: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (wanted && item !== null && item !== undefined) void client.prefetchQuery(beatsQuery(item, method));
  }, [client, item, method, wanted]);
}

function useSettings() {
  return useLocalStorage<ViewerSettings>({
    key: "einthoven-viewer", defaultValue: USUAL, getInitialValueInEffect: false, serialize: JSON.stringify, deserialize: parseSettings,
  });
}

function Viewer({ item }: { item: number }) {
  const [settings, setSettings] = useSettings();
  const [{ method, marks }] = useBeatSettings();
  // Asked for together with the samples: finding them takes the server longer than all else.
  useBeatsAhead(item, method, useWide(settings.panel) || marks !== "off");
  const { shown, loading, error, retry } = useShown(item, settings.filter);
  const name = shown?.record.file_name ?? `ECG ${item}`;
  useOpenedDataset(shown?.record.dataset ?? null);
  useEffect(() => {
    document.title = `${name} · Viewer · Einthoven`;
  }, [name]);
  if (error !== null)
    return (
      <div className={css["page"]}>
        <ProblemView error={error} onRetry={retry} />
        <div className={css["ways"]}>
          <Button component={Link} to="/library" variant="default">
            To the library
          </Button>
        </div>
      </div>
    );
  if (shown === null)
    return (
      <div className={css["page"]}>
        <Waiting height="calc(100vh - 96px)" />
      </div>
    );
  return <Reading shown={shown} loading={loading} settings={settings} onSettings={setSettings} />;
}

interface ReadingProps {
  shown: Shown;
  loading: boolean;
  settings: ViewerSettings;
  onSettings: (settings: ViewerSettings) => void;
}

function Reading({ shown, loading, settings, onSettings }: ReadingProps) {
  const { record, signal, filter } = shown;
  const { model = null, view: viewName } = route.useSearch();
  const viewId = viewOf(viewName);
  const navigate = useNavigate();
  const paper = useRef<PaperHandle>(null);
  const [measuring, setMeasuring] = useState(false);
  const [caliper, setCaliper] = useState<Caliper | null>(null);
  const [view, setView] = useState<PaperWindow | null>(null);
  const [pxPerMm, setPxPerMm] = useState(() => storedPxPerMm(window.localStorage));
  const [sizing, setSizing] = useState(false);
  const panelOpen = useWide(settings.panel);
  const scheme = useComputedColorScheme("light");
  const screenPxPerMm = pxPerMm ?? CSS_PX_PER_MM;
  const palette: PaletteName = settings.colour === "auto" ? (scheme === "dark" ? "dark" : "pink") : settings.colour;
  const gain = settings.gain[record.amplitude];
  const spikes = useMemo(() => divided(record.annotations).spikes, [record]);

  const [beatSettings, setBeatSettings] = useBeatSettings();
  const { method, marks } = beatSettings;
  const [correctingItem, setCorrectingItem] = useState<number | null>(null);
  const wantsToCorrect = correctingItem === record.item && viewId === "paper";
  // Nothing is asked of the server, and nothing drawn, while nobody wants to see beats.
  const beats = useQuery({ ...beatsQuery(record.item, method), enabled: panelOpen || marks !== "off" || wantsToCorrect });
  const found = beats.data !== undefined && beats.data.r_peaks.length > 0 ? beats.data : null;
  const correcting = wantsToCorrect && found !== null;
  const leftOut = marks === "off" && !correcting ? undefined : found?.left_out;
  // The same empty list again: nothing is laid out anew when beats arrive that leave no lead out.
  const faint = useMemo(() => (Object.keys(leftOut ?? {}).length === 0 ? NONE : Object.keys(leftOut ?? {})), [leftOut]);
  useBeatsAhead(record.next, method, marks !== "off" && beats.data !== undefined);

  const options = useMemo<PaperOptions>(
    () => ({
      layout: settings.layout, order: settings.order, rhythmLead: settings.rhythmLead, mmPerSecond: settings.speed, mmPerUnit: gain,
      screenPxPerMm, zoom: settings.zoom, palette, measuring, snapping: settings.snapping,
      settings: [...settingsLine(record, { speed: settings.speed, gain, zoom: settings.zoom, filter }), ...(spikes.length > 0 ? [PACING_LEGEND] : [])],
      derived: record.source.derived, spikes, faint,
    }),
    [settings, gain, screenPxPerMm, palette, measuring, record, filter, spikes, faint],
  );

  const go = useCallback(
    (to: number | null) => {
      if (to !== null) void navigate({ to: "/viewer/$item", params: { item: String(to) }, search: (now) => now, replace: true });
    },
    [navigate],
  );
  const goView = useCallback(
    (to: ViewId) => {
      const search = (now: { model?: string }) => ({ ...now, view: to === "paper" ? undefined : to });
      void navigate({ to: "/viewer/$item", params: { item: String(record.item) }, search, replace: true });
    },
    [navigate, record.item],
  );
  const [bar, setBar] = useState<HTMLElement | null>(null);
  const [lit] = useState(() => new LitBeats());
  const correct = () => {
    if (viewId !== "paper") goView("paper");
    setCorrectingItem(wantsToCorrect ? null : record.item);
  };
  const showLead = (lead: string) => {
    // A lead that shows all of its seconds: as rhythm strip, where its own place is a part of them.
    const whole = settings.layout === "12x1" || settings.layout === "2x6";
    onSettings({ ...settings, rhythmLead: lead, layout: whole ? settings.layout : "3x4+1" });
  };
  const fit = () => {
    const zoom = (paper.current?.width() ?? 0) / usualWidth(settings.speed, record.duration) / screenPxPerMm;
    // Downwards, so that rounding never costs the last samples.
    onSettings({ ...settings, zoom: Math.min(ZOOMS.at(-1)!, Math.max(ZOOMS[0]!, Math.floor(zoom * 100) / 100)) });
  };
  const measureOrNot = (on: boolean) => setMeasuring(on);
  useViewerKeys({
    settings, onSettings, measuring, onMeasuring: measureOrNot, fit, panelOpen,
    go: (direction) => go(direction === 1 ? record.next : record.previous),
    scroll: (share) => paper.current?.scrollBy(share),
    view: goView,
    marks: () => setBeatSettings({ ...beatSettings, marks: nextMarks(marks) }),
    correct,
    print: () => void print(),
    clear: () => (caliper === null ? setMeasuring(false) : paper.current?.clearCaliper()),
    amplitude: record.amplitude,
  });

  const start = view?.start ?? 0;
  const client = useQueryClient();
  const makeSheet = useCallback(
    () => {
      // As they are now: the page may not have been drawn anew since they came.
      const asked = client.getQueryState(beatsQuery(record.item, method).queryKey);
      return printSheet({
        signal, layout: settings.layout, order: settings.order, rhythmLead: settings.rhythmLead, mmPerSecond: settings.speed, mmPerUnit: gain,
        palette: settings.colour === "neutral" ? "neutral" : "pink", start,
        settings: [...settingsLine(record, { speed: settings.speed, gain, zoom: 1, filter }), ...(spikes.length > 0 ? [PACING_LEGEND] : [])],
        passport: passportLines(record), derived: record.source.derived, spikes,
        title: record.file_name,
        facts: [
          subjectText(record.subject),
          ...(record.subject.id ? [`patient ${record.subject.id}`] : []),
          ...(record.source.recorded ? [`recorded ${fmt.when(record.source.recorded)}`] : []),
          `dataset ${record.dataset}`,
          ...(view?.missing.length ? [missingText(view.missing)] : []),
          ...(record.source.simulated ? ["SIMULATED: no patient ever had this ECG"] : []),
        ],
        faint,
        block: blockOf({ data: asked?.data, error: asked?.error ?? null }, filter.band !== null),
        overlay: found === null || marks === "off" ? null : marksOverlay({ record: found, marks, lit: null, correcting: null }),
        notice: `${RESEARCH_NOTICE} Einthoven, printed ${fmt.when(new Date().toISOString())}`,
      });
    },
    [client, method, signal, settings, gain, start, record, filter, view?.missing, spikes, faint, found, marks],
  );
  const print = async () => {
    // A sheet has the measurements: they are asked for first. Where they fail, the sheet says why.
    await client.prefetchQuery(beatsQuery(record.item, method));
    window.print();
  };

  const viewProps = { item: record.item, method, leads: record.leads, pxPerMm: screenPxPerMm, palette, bar };
  return (
    <div className={css["page"]} data-testid="viewer-page" data-item={record.item} aria-busy={loading}>
      <KeyHelp keys={KEYS} />
      <HeaderLine record={record} onGo={go} onDoubts={() => onSettings({ ...settings, panel: true })}>
        <ViewSwitch view={viewId} onView={goView} />
      </HeaderLine>
      <Toolbar
        record={record} settings={settings} measuring={measuring} panelOpen={panelOpen} onSettings={onSettings} onMeasuring={measureOrNot} onFit={fit} onPrint={() => void print()}
        onScreenSize={() => setSizing(true)} paper={viewId === "paper" ? "recorded" : viewId === "aligned" ? "aligned" : null} place={setBar}
        marks={
          viewId === "paper" && (
            <MarksButtons
              marks={marks} onMarks={(chosen) => setBeatSettings({ ...beatSettings, marks: chosen })} correcting={correcting}
              onCorrect={beats.data !== undefined && found === null ? null : correct}
            />
          )
        }
      />
      <div className={css["body"]}>
        <div className={css["desk"]} data-loading={loading}>
          {shown.refusedFilter !== null && (
            <p className={css["refused"]} role="status" data-testid="viewer-filter-refused">
              <Doubt words={`Shown as recorded, without the filter. ${shown.refusedFilter.message}`} />
            </p>
          )}
          {viewId === "beats" && <BeatsView {...viewProps} />}
          {viewId === "median" && <MedianBeatView {...viewProps} />}
          {viewId === "aligned" && <AlignedEcgView item={record.item} method={method} options={options} />}
          {viewId === "paper" && <EcgPaper
            ref={paper} record={record.item} signal={signal} options={options} onWindow={setView} onCaliper={setCaliper}
            onZoom={(direction) => onSettings({ ...settings, zoom: stepZoom(settings.zoom, direction) })}
            label={`ECG ${record.file_name}: leads ${record.leads.map((lead) => (record.source.derived.includes(lead) ? `${lead} (derived)` : lead)).join(", ")}; ${options.settings.join(", ")}`}
          />}
          {viewId === "paper" && found !== null && !correcting && <MarksOnPaper paper={paper} record={found} marks={marks} lit={lit} />}
          {correcting && (
            <CorrectingOnPaper key={`${record.item} ${method}`} paper={paper} record={found} marks={marks} lit={lit} rate={record.rate} onLead={showLead} onDone={() => setCorrectingItem(null)} />
          )}
          {(marks !== "off" || wantsToCorrect) && viewId === "paper" && found === null && <BeatsState beats={beats} detailed={!panelOpen} />}
          {viewId === "paper" && view !== null && view.span < view.duration - 1e-6 && <ScrollLine view={view} onStart={(to) => paper.current?.scrollTo(to)} />}
          <div className={css["under"]}>
            {measuring && (
              <span className={css["reading"]} role="status" data-testid="viewer-caliper-reading">
                {caliper === null ? "Caliper: drag on a lead to measure" : measuredText(measure(caliper, record.amplitude))}
              </span>
            )}
            {/* Here, where a line stands anyway: the paper keeps its height, and is not drawn anew when they are found. */}
            {viewId === "paper" && (marks !== "off" || wantsToCorrect) && beats.data === undefined && beats.isFetching && (
              <span role="status" data-testid="viewer-finding">Finding the beats …</span>
            )}
            {view !== null && view.missing.length > 0 && (
              <span className={css["missing"]} data-testid="viewer-missing">
                {missingText(view.missing)}
              </span>
            )}
            <span className={css["notice"]} data-testid="research-notice">
              {RESEARCH_NOTICE}
            </span>
          </div>
        </div>
        {panelOpen && (
          <SidePanel
            record={record} model={model} beats={found} beatSettings={beatSettings} lit={lit} onCorrect={correcting ? null : correct} onMethod={(chosen) => setBeatSettings({ ...beatSettings, method: chosen })}
            onModel={(chosen) =>
              void navigate({ to: "/viewer/$item", params: { item: String(record.item) }, search: (now) => ({ ...now, model: chosen ?? undefined }), replace: true })
            }
          />
        )}
      </div>
      <ScreenSize
        opened={sizing} pxPerMm={screenPxPerMm} onClose={() => setSizing(false)}
        onSave={(value) => {
          storePxPerMm(window.localStorage, value);
          setPxPerMm(value);
        }}
      />
      <PrintSheet make={makeSheet} />
    </div>
  );
}

/** Why there are no marks on the paper although they are wanted. */
function BeatsState({ beats, detailed }: { beats: { isError: boolean; error: unknown; data?: MeasuredRecord; refetch: () => unknown }; detailed: boolean }) {
  if (beats.isError && detailed) return <ProblemView error={beats.error} onRetry={() => void beats.refetch()} compact />;
  if (beats.isError)
    return (
      <p className={css["refused"]} role="status" data-testid="viewer-no-marks">
        <Doubt words="No marks: the beats could not be asked for. Why, and a way to try again, stand beside the paper." />
      </p>
    );
  if (beats.data === undefined) return null;
  return (
    <p className={css["refused"]} role="status" data-testid="viewer-no-beats">
      <Doubt words={`No marks. ${beats.data.reason}`} />
    </p>
  );
}

/** Whether the panel is open: as chosen, otherwise where there is room for it. */
function useWide(chosen: boolean | null): boolean {
  const { width } = useViewportSize();
  return chosen ?? (width || window.innerWidth) >= WIDE_PX;
}
